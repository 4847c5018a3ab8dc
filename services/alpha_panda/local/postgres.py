"""The embedded PostgreSQL: one server on 127.0.0.1 that trusts nobody without a password."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import time
from pathlib import Path

import asyncpg

from alpha_panda.errors import UnavailableError
from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.postgres_program import PostgresProgram
from alpha_panda.local.process import ServerProcess
from alpha_panda.local.system_user import SystemUser

ADMIN = "admin"
OWNER = "alpha_panda"
"""Owns the database, its schemas and tables, and runs the migrations; nobody logs in as it."""
DATABASE = "alpha_panda"
_POLL_SECONDS = 0.01
_ACCESS = f"host all all {HOST}/32 scram-sha-256\n"
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "fsync": "on",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_min_messages": "warning",
}
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}


class Postgres:
    """The PostgreSQL of a run; `prepare()`, `start()`, `wait_ready()`, and in the end `stop()`."""

    name = "postgres"

    def __init__(self, program: PostgresProgram, layout: Layout, ports: Ports, user: SystemUser | None) -> None:
        """Nothing is read, written or started yet; `user` is whom the server runs as, None for this user."""
        self._program = program
        self._layout = layout
        self._ports = ports
        self._user = user
        self._port = 0
        self.process = ServerProcess(
            name="PostgreSQL",
            log=layout.logs / "postgres.log",
            pid_file=layout.run / "postgres.json",
            marker=str(layout.postgres),
            stop_signal=signal.SIGINT,
            user=user,
        )

    @property
    def address(self) -> str:
        """Host and port for clients."""
        return f"{HOST}:{self._ports.door('postgres')}"

    @property
    def password(self) -> str:
        """The password of the administrator, a superuser."""
        return self._layout.secret("postgres-admin")

    def dsn(self, user: str = ADMIN, password: str | None = None, database: str = DATABASE) -> str:
        """A postgresql:// URL for `user`; without a password the administrator's."""
        return f"postgresql://{user}:{password if password is not None else self.password}@{self.address}/{database}"

    async def prepare(self) -> None:
        """Stop what a crash left, take the port, make the database cluster on the first start."""
        folder = self._folder()
        data = folder / "data"
        self.process.marker = str(data)
        await self.process.stop_leftover()
        self._port = self._ports.take("postgres", "PostgreSQL")
        if not (data / "PG_VERSION").exists():
            await self._initialise(folder, data)

    async def start(self) -> None:
        """Start the server; it serves when `wait_ready()` returns."""
        data = self._folder() / "data"
        options = [f"{name}={value}" for name, value in (*_SETTINGS.items(), ("port", str(self._port)))]
        command = [str(self._program.server), "-D", str(data)]
        for option in options:
            command += ["-c", option]
        self.process.start(command, cwd=data, env=_ENVIRONMENT)

    async def wait_ready(self, seconds: float) -> None:
        """Wait until the database is served; raises UnavailableError when it takes longer or cannot be."""
        deadline = time.monotonic() + seconds
        while True:
            self.process.require_running()
            connection = await self._connect()
            if connection is not None:
                break
            if time.monotonic() > deadline:
                msg = f"PostgreSQL does not answer after {seconds:g} s; its log ends:\n{self.process.last_lines()}"
                raise UnavailableError(msg, remedy=f"read {self.process.log}")
            await asyncio.sleep(_POLL_SECONDS)
        try:
            await _make_database(connection)
        finally:
            await connection.close()

    async def stop(self) -> None:
        """Stop the server (a fast shutdown: transactions end, nothing is lost), by force after 10 s."""
        await self.process.stop()

    async def _connect(self) -> asyncpg.Connection | None:
        try:
            return await asyncpg.connect(self.dsn(database="postgres"), timeout=5)
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError):
            return None
        except asyncpg.InvalidAuthorizationSpecificationError as error:
            msg = f"PostgreSQL's data of {self._layout.root} has another administrator password"
            raise UnavailableError(msg, remedy="put the folder secrets/ of this run back, or `panda reset`") from error

    def _folder(self) -> Path:
        """Where this run's PostgreSQL files lie; made, and for another user linked, at the first start."""
        link = self._layout.postgres
        if link.is_symlink() and not link.exists():
            msg = f"this run's database was in {link.readlink()}, which is gone"
            raise UnavailableError(msg, remedy="put that folder back, or start anew with `panda reset`")
        if link.exists():
            return link.resolve()
        if self._user is None:
            link.mkdir(mode=0o700)
        else:
            link.symlink_to(self._user.own_folder())
        return link.resolve()

    async def _initialise(self, folder: Path, data: Path) -> None:
        """Make the cluster under another name first, so that a broken-off attempt is not taken for one."""
        half = folder / "data.part"
        shutil.rmtree(half, ignore_errors=True)
        password = folder / f"password.{secrets.token_hex(4)}"
        password.touch(mode=0o600)
        password.write_text(f"{self.password}\n")
        if self._user is not None:
            os.chown(password, self._user.uid, self._user.gid)
        making = await asyncio.create_subprocess_exec(
            *(str(self._program.initdb), "--pgdata", str(half), "--username", ADMIN, "--pwfile", str(password)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-instructions"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=folder,
            env=_ENVIRONMENT,
            **(self._user.popen_arguments() if self._user else {}),
        )
        said, _ = await making.communicate()
        password.unlink()
        if making.returncode != 0:
            msg = f"PostgreSQL's files in {folder} could not be made:\n{said.decode(errors='replace')}"
            raise UnavailableError(msg)
        (half / "pg_hba.conf").write_text(_ACCESS)
        half.rename(data)


def data_version(layout: Layout) -> int | None:
    """The major version that this run's database was made with; None before the first start."""
    try:
        return int((layout.postgres / "data" / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


async def _make_database(connection: asyncpg.Connection) -> None:
    """Make the owner and its database; PUBLIC may not even connect."""
    if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", OWNER):
        await connection.execute(f'CREATE ROLE "{OWNER}" NOLOGIN')
    if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
        await connection.execute(f'CREATE DATABASE "{DATABASE}" OWNER "{OWNER}"')
        await connection.execute(f'REVOKE ALL ON DATABASE "{DATABASE}", postgres FROM PUBLIC')
