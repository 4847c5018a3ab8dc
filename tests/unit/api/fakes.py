"""An API over stores that are held in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from redis import exceptions as redis_errors
from tests.unit.portfolio.trades import account, at, fill, tick
from tests.unit.strategy_runner.scripted import YESBANK, broker, configured

from alpha_panda.api.app import Further
from alpha_panda.api.application import create_app
from alpha_panda.api.cache import PortfolioCache
from alpha_panda.api.control_view import ControlView
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.desk import Desk
from alpha_panda.api.machine import Machine
from alpha_panda.api.queries import Queries
from alpha_panda.api.realtime.hub import Hub
from alpha_panda.api.security.accounts import Accounts
from alpha_panda.api.security.approvals import Approvals
from alpha_panda.api.security.doorkeeper import Doorkeeper
from alpha_panda.api.security.limits import Limits
from alpha_panda.api.security.principal import Role
from alpha_panda.api.security.sessions import Sessions
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.errors import UnavailableError
from alpha_panda.events.control import CloseWanted
from alpha_panda.events.signals import Side
from alpha_panda.operations.audit import AuditLog
from alpha_panda.portfolio.read_model import ReadModelWriter
from alpha_panda.runtime.alert_store import AlertStore
from alpha_panda.runtime.api_settings import ApiSettings, OperationsSettings
from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.settings import ServiceSettings

TOKEN = "a-token-of-the-tests"
NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


class FakeRedis:
    """Keys and values; it refuses to answer while `down`."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.down = False

    async def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        await self.ping()
        return [self.values.get(key) for key in keys]

    async def eval(self, script: str, count: int, *words: Any) -> int:  # noqa: ANN401 - as Redis takes them
        """The one script that is used: the first key is the fence, the others get the values behind it and a word."""
        assert "SET" in script
        keys, values = words[:count], (words[count], *words[count + 2 :])
        self.values.update(zip(keys, values, strict=True))
        return 1

    async def ping(self) -> bool:
        if self.down:
            raise redis_errors.ConnectionError("refused")
        return True


class FakePool:
    """Answers every query with `rows`, or `standing`, and remembers the last; it refuses to answer while `down`."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.standing: list[dict[str, Any]] = []
        self.asked: tuple[str, tuple[object, ...]] = ("", ())
        self.down = False

    async def fetch(self, sql: str, *values: object) -> list[dict[str, Any]]:
        if self.down:
            raise OSError("connection refused")
        self.asked = (sql, values)
        return self.standing if sql.endswith(".standing") else self.rows

    async def fetchval(self, sql: str) -> int:
        return len(await self.fetch(sql))


class FakeWindows:
    """Counts nothing, or cannot count while `down`."""

    def __init__(self) -> None:
        self.wait = 0
        self.down = False
        self.counted: list[tuple[str, ...]] = []

    async def seconds_to_wait(self, _per_minute: int, *names: str) -> int:
        if self.down:
            raise TransientError("Redis does not answer")
        self.counted.append(names)
        return self.wait


def doors(pool: FakePool, redis: FakeRedis, windows: FakeWindows, token: str = TOKEN) -> dict[str, Any]:
    """What of the dependencies lets people in."""
    sessions = Sessions(Accounts(pool), redis, "access:", lambda: NOW, timedelta(minutes=10), timedelta(hours=12))
    return {
        "sessions": sessions,
        "limits": Limits(windows, logins_per_minute=10, changes_per_minute=60),
        "doorkeeper": Doorkeeper(sessions, token, Role.ADMIN, "panda_session"),
        "hub": Hub(),
        "desk": Desk([], AuditLog(ServiceSettings, Path(gettempdir())), _no_entries, None, _no_log_to_close_by),
        "approvals": Approvals(pool),
        "alerts": AlertStore(pool),
        "machine": Machine(OperationsSettings(), "arrival", lambda: NOW),
    }


async def _no_entries() -> list[Any]:
    return []


class World:
    """The API and what stands behind it: a Broker `paper` with an account, a Broker `new` without one."""

    def __init__(self, further: Further = lambda _: ()) -> None:
        self._further = further
        self.redis = FakeRedis()
        self.pool = FakePool()
        self.windows = FakeWindows()
        self.control = ControlView()
        for event in (broker(), broker("new"), configured("s", {"strategy": "momentum", "instruments": [YESBANK]})):
            self.control.apply(event)
        self.control.complete = True
        self._api = ApiSettings()
        self.serve()

    def settings(self, **changes: Any) -> None:  # noqa: ANN401 - what settings hold
        """Serve with other settings."""
        self._api = ApiSettings(**changes)
        self.serve()

    def serve(self, **doors_: Any) -> None:  # noqa: ANN401 - parts of the dependencies
        """Make the application anew."""
        dependencies = Dependencies(
            control=self.control,
            cache=PortfolioCache(self.redis, lambda: NOW),
            queries=Queries(self.pool),
            instruments=load_instruments(),
            registry=CollectorRegistry(),
            settings=self._api,
            clock=lambda: NOW,
            **(doors_ or doors(self.pool, self.redis, self.windows)),
        )
        self.app: FastAPI = create_app(dependencies, self._further(dependencies))

    async def write_account(self) -> None:
        processor = account(fill(Side.BUY, 100, 9_500, 1, charges=250), tick(9_600, 2))
        list(processor.on_watermark(at(3)))
        model = processor.read_model()
        assert model is not None
        writer = ReadModelWriter(self.redis, "paper", lambda: NOW - timedelta(seconds=2))
        await writer.write(model, Tenure("paper.portfolio", "paper.portfolio"))

    async def get(self, path: str, token: str | None = TOKEN, **params: str) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.get(path, headers=headers, params=params or None)


async def _no_log_to_close_by(wanted: CloseWanted) -> str:
    raise UnavailableError(f"there is no log in these tests to close {wanted.strategy} by")
