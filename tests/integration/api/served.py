"""The API as it is served: uvicorn on a thread of its own, over real Redis and PostgreSQL, with what a day left there.

The log is the one store that is not there: the door of the log is left out, and the record of what people did waits in
its file, as it does while Kafka is down.
"""

import asyncio
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import asyncpg
import httpx
import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from tests.support.waiting import until
from tests.unit.history.test_history_rows import RAISED, event
from tests.unit.portfolio.trades import account, at, fill, tick
from tests.unit.strategy_runner.scripted import YESBANK, broker, configured

from alpha_panda.api.application import create_app
from alpha_panda.api.cache import PortfolioCache
from alpha_panda.api.control_view import ControlView
from alpha_panda.api.dependencies import Dependencies, wall_clock
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
from alpha_panda.events.ids import event_id
from alpha_panda.events.signals import Side, SignalRejected
from alpha_panda.history.rows import rows_of
from alpha_panda.history.writer import HistoryWriter
from alpha_panda.local.stores import Stores
from alpha_panda.operations.audit import AuditLog
from alpha_panda.operations.store_doors import SwitchDoor
from alpha_panda.portfolio.read_model import ReadModelWriter
from alpha_panda.runtime.alert_store import AlertStore
from alpha_panda.runtime.api_settings import ApiSettings, OperationsSettings
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.rate_limits import RateLimits
from alpha_panda.runtime.redis import make_redis
from alpha_panda.runtime.settings import PlatformSection, RedisSettings, ServiceSettings

TOKEN = "the-token-of-the-machine-in-tests"
PREFIX = "apitest_"
SIGNAL_ID = event_id(RAISED.expires_at, "told")


class Served:
    """A running API; use it as a context."""

    def __init__(self, stores: Stores, database: str, folder: Path, **settings: Any) -> None:  # noqa: ANN401 - settings
        url = urlsplit(stores.redis.url())
        password = None if url.password is None else SecretStr(url.password)
        self._redis = RedisSettings(host=url.hostname, port=url.port, username=url.username, password=password)
        self._dsn = stores.postgres.dsn(database=database)
        self._folder = folder
        self._settings = ApiSettings(**{"logins_per_minute": 1000, "changes_per_minute": 10_000, **settings})
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="api", daemon=True)
        self._server: uvicorn.Server | None = None
        self.app: FastAPI | None = None
        self.hub = Hub()
        self.loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self._server is not None and self._server.started, "the API serves")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def client(self, token: str | None = TOKEN) -> httpx.Client:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def audit(self) -> str:
        """What waits for the log."""
        return (self._folder / "audit-waiting.jsonl").read_text()

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        control = ControlView()
        for each in (
            broker(),
            broker("real", live=True),
            configured("s", {"strategy": "momentum", "instruments": [YESBANK]}),
        ):
            control.apply(each)
        control.complete = True
        async with (
            asyncpg.create_pool(self._dsn, min_size=1, max_size=4) as pool,
            make_redis(self._redis) as redis,
        ):
            await leave_a_day(pool, redis)
            access = f"{PREFIX}access:"
            sessions = Sessions(Accounts(pool), redis, access, wall_clock, timedelta(minutes=10), timedelta(hours=1))
            await sessions.renew_keys()
            people = ServiceSettings(redis=self._redis, platform=PlatformSection(prefix=PREFIX))
            api = self._settings
            limits = Limits(
                RateLimits(redis, access),
                logins_per_minute=api.logins_per_minute,
                changes_per_minute=api.changes_per_minute,
            )
            self.app = create_app(
                Dependencies(
                    control=control,
                    cache=PortfolioCache(redis),
                    queries=Queries(pool),
                    instruments=load_instruments(),
                    registry=CollectorRegistry(),
                    sessions=sessions,
                    limits=limits,
                    doorkeeper=Doorkeeper(sessions, TOKEN, Role.ADMIN, "panda_session"),
                    hub=self.hub,
                    desk=Desk(
                        [SwitchDoor(people, asked=True)],
                        AuditLog(_no_log, self._folder),
                        _no_entries,
                        None,
                        _no_log_to_close_by,
                    ),
                    approvals=Approvals(pool),
                    alerts=AlertStore(pool),
                    machine=Machine(OperationsSettings(), "arrival", wall_clock),
                    settings=api,
                )
            )
            self._server = uvicorn.Server(
                uvicorn.Config(
                    self.app,
                    port=0,
                    log_config=None,
                    access_log=False,
                    proxy_headers=False,
                    timeout_graceful_shutdown=1,
                )
            )
            await self._server.serve()


async def leave_a_day(pool: asyncpg.Pool, redis: Any) -> None:  # noqa: ANN401 - a Redis client
    """A trade, a signal that was refused, and an account."""
    rejected = SignalRejected(signal_id=SIGNAL_ID, signal=RAISED, code="cash", value="1", limit="0", message="no cash")
    verdict = event(rejected, event_id(RAISED.expires_at, "verdict told"))
    events = [fill(Side.BUY, 10, 9_500, 1), fill(Side.SELL, 10, 9_600, 2), event(RAISED, SIGNAL_ID), verdict]
    for name in ("paper", "real"):
        await HistoryWriter(pool).write([row for each in events for row in rows_of(each, name)])
    processor = account(fill(Side.BUY, 100, 9_500, 1, charges=250), tick(9_600, 2))
    list(processor.on_watermark(at(3)))
    model = processor.read_model()
    assert model is not None
    for name in ("paper", "real"):
        await ReadModelWriter(redis, name).write(model, Tenure(f"{name}.portfolio", f"{name}.portfolio"))


def _no_log() -> ServiceSettings:
    raise UnavailableError("there is no log in these tests")


async def _no_entries() -> list[Any]:
    return []


async def _no_log_to_close_by(wanted: CloseWanted) -> str:
    raise UnavailableError(f"there is no log in these tests to close {wanted.strategy} by")
