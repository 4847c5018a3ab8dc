"""The embedded Redis: one server on 127.0.0.1 that keeps every write and lets in only named users."""

from __future__ import annotations

import asyncio
import hashlib
import time
from pathlib import Path

from redis.asyncio import Redis as Client
from redis.exceptions import AuthenticationError, BusyLoadingError, ConnectionError, RedisError  # noqa: A004

from alpha_panda.errors import UnavailableError
from alpha_panda.local.layout import Layout, write_private
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.process import ServerProcess

ADMIN = "admin"
_POLL_SECONDS = 0.01
_SETTINGS = f"""\
bind {HOST}
protected-mode yes
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
tcp-keepalive 60
loglevel notice
proc-title-template "{{title}} {{config-file}}"
"""


class Redis:
    """The Redis of a run; `prepare()`, `start()`, `wait_ready()`, and in the end `stop()`."""

    name = "redis"

    def __init__(self, program: Path, layout: Layout, ports: Ports) -> None:
        """Nothing is read, written or started yet."""
        self._program = program
        self._layout = layout
        self._ports = ports
        self._port = 0
        self._configuration = layout.redis / "redis.conf"
        self._users = layout.redis / "users.acl"
        self.process = ServerProcess(
            name="Redis",
            log=layout.logs / "redis.log",
            pid_file=layout.run / "redis.json",
            marker=str(self._configuration),
        )

    @property
    def address(self) -> str:
        """Host and port for clients."""
        return f"{HOST}:{self._ports.door('redis')}"

    @property
    def password(self) -> str:
        """The password of the administrator."""
        return self._layout.secret("redis-admin")

    def url(self, user: str = ADMIN, password: str | None = None) -> str:
        """A redis:// URL for `user`; without a password the administrator's."""
        return f"redis://{user}:{password if password is not None else self.password}@{self.address}/0"

    async def prepare(self) -> None:
        """Stop what a crash left, take the port, write the configuration and the first user list."""
        await self.process.stop_leftover()
        self._port = self._ports.take("redis", "Redis")
        write_private(
            self._configuration,
            f'{_SETTINGS}port {self._port}\ndir "{self._layout.redis}"\naclfile "{self._users}"\n',
        )
        if not self._users.exists():
            digest = hashlib.sha256(self.password.encode()).hexdigest()
            write_private(self._users, f"user default reset\nuser {ADMIN} on #{digest} ~* &* +@all\n")

    async def start(self) -> None:
        """Start the server; it serves when `wait_ready()` returns."""
        command = [str(self._program), str(self._configuration)]
        self.process.start(command, cwd=self._layout.redis, env={"LC_ALL": "C", "TZ": "UTC"})

    async def wait_ready(self, seconds: float) -> None:
        """Wait until the administrator is served; raises UnavailableError when it takes longer or cannot be."""
        deadline = time.monotonic() + seconds
        while True:
            self.process.require_running()
            if await self._serves():
                return
            if time.monotonic() > deadline:
                msg = f"Redis does not answer after {seconds:g} s; the end of its log:\n{self.process.last_lines()}"
                raise UnavailableError(msg, remedy=f"read {self.process.log}")
            await asyncio.sleep(_POLL_SECONDS)

    async def stop(self) -> None:
        """Stop the server: gracefully for at most 10 s, then by force."""
        await self.process.stop()

    async def _serves(self) -> bool:
        client = Client.from_url(self.url(), retry=None)
        try:
            await client.ping()
        except AuthenticationError as error:
            msg = f"Redis' users in {self._users} have another administrator password"
            raise UnavailableError(msg, remedy="put the folder secrets/ of this run back, or `panda reset`") from error
        except (BusyLoadingError, ConnectionError):
            return False
        except RedisError as error:
            msg = f"Redis at {self.address} answers, but not as it should: {error}"
            raise UnavailableError(msg, remedy=f"read {self.process.log}") from error
        finally:
            await client.aclose()
        return True
