"""The API's composition root."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg
import structlog
import uvicorn
from pydantic import ValidationError
from redis.asyncio import Redis
from starlette.routing import BaseRoute

from alpha_panda.api.application import create_app
from alpha_panda.api.cache import PortfolioCache
from alpha_panda.api.control_view import ControlView
from alpha_panda.api.dependencies import Dependencies, wall_clock
from alpha_panda.api.machine import Machine
from alpha_panda.api.making import make_desk, people_in_redis
from alpha_panda.api.queries import Queries
from alpha_panda.api.realtime.hub import Hub
from alpha_panda.api.realtime.observer import Observer
from alpha_panda.api.security.accounts import Accounts
from alpha_panda.api.security.approvals import Approvals
from alpha_panda.api.security.doorkeeper import Doorkeeper, cookie_name
from alpha_panda.api.security.limits import Limits
from alpha_panda.api.security.principal import Role
from alpha_panda.api.security.sessions import Sessions
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.errors import InputError, PandaError, UnavailableError
from alpha_panda.events.topics import CONTROL_AND_FINDINGS
from alpha_panda.runtime.control_reader import ControlReader
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.rate_limits import RateLimits
from alpha_panda.runtime.redis import make_redis, require_login
from alpha_panda.runtime.settings import ServiceSettings
from alpha_panda.topology.names import access_keys

_POLL_MILLISECONDS = 200
_KEYS_SECONDS = 30.0


Further = Callable[[Dependencies], Iterable[BaseRoute]]
"""Makes routes of others, which the same process serves."""


async def run(process: Process, further: Further = lambda _: ()) -> None:
    """Assemble and serve until told to stop; the view of `control.*` follows within a fraction of a second."""
    settings = process.settings
    if settings.api.token is None:
        raise InputError("api.token is not set, and the API serves nobody without one", remedy="set PANDA_API__TOKEN")
    view, hub = ControlView(), Hub()
    reader = ControlReader(settings, CONTROL_AND_FINDINGS)
    counting = people_in_redis(settings)
    async with (
        await make_pool(settings.postgres, size=8) as pool,
        make_redis(settings.redis) as redis,
        make_redis(counting, seconds=1.0, retries=0) as counters,
    ):
        await require_login(redis, settings.redis)
        await require_login(counters, counting)
        sessions = _sessions(settings, pool, counters)
        await sessions.renew_keys()
        limits = Limits(
            RateLimits(counters, access_keys(settings.platform.prefix)),
            logins_per_minute=settings.api.logins_per_minute,
            changes_per_minute=settings.api.changes_per_minute,
        )
        dependencies = Dependencies(
            control=view,
            cache=PortfolioCache(redis),
            queries=Queries(pool),
            instruments=load_instruments(settings.data.instruments),
            registry=process.metrics.registry,
            sessions=sessions,
            limits=limits,
            doorkeeper=Doorkeeper(
                sessions,
                settings.api.token.get_secret_value(),
                Role(settings.api.token_role),
                cookie_name(https=settings.api.https),
            ),
            hub=hub,
            desk=make_desk(settings, pool),
            approvals=Approvals(pool),
            machine=Machine(settings.operations, settings.run.pacing, wall_clock),
            settings=settings.api,
        )
        app = create_app(dependencies, further(dependencies))
        server = _Server(
            uvicorn.Config(
                app,
                host=settings.http.host,
                port=settings.api.port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # where a request comes from `security.addresses` tells
                timeout_keep_alive=30,
                timeout_graceful_shutdown=5,
            )
        )
        serving = asyncio.create_task(server.serve())
        beside = (
            asyncio.create_task(_renew_keys(sessions, process.stopping)),
            asyncio.create_task(Observer(dependencies).run(process.stopping)),
        )
        try:
            for event, _ in await reader.start():
                _apply(view, event)
            view.complete = True
            await _follow(process, reader, view, hub, serving)
        finally:
            server.should_exit = True
            await serving
            for each in beside:
                each.cancel()
            await reader.stop()


def _sessions(settings: ServiceSettings, pool: asyncpg.Pool[Any], redis: Redis) -> Sessions:
    return Sessions(
        Accounts(pool),
        redis,
        access_keys(settings.platform.prefix),
        wall_clock,
        timedelta(minutes=settings.api.access_minutes),
        timedelta(hours=settings.api.session_hours),
    )


class _Server(uvicorn.Server):
    """Signals are the process' business, not the server's."""

    def install_signal_handlers(self) -> None:
        """Leave them as they are."""


async def _follow(
    process: Process, reader: ControlReader, view: ControlView, hub: Hub, serving: asyncio.Task[None]
) -> None:
    process.health.ready = True
    process.health.detail = {"lag": 0}
    while not process.stopping.is_set():
        if serving.done():
            raise UnavailableError(
                f"the API cannot serve on {process.settings.http.host}:{process.settings.api.port}",
                remedy="is the port in use? choose another one with --api-port",
            )
        process.health.turn()
        for event, _ in await reader.poll(_POLL_MILLISECONDS):
            _apply(view, event)
            hub.publish("control", {"type": type(event.data).__name__, "key": event.key, "at": event.event_time})
            process.health.saw_event()


async def _renew_keys(sessions: Sessions, stopping: asyncio.Event) -> None:
    """Read the keys of tokens anew each half minute; while PostgreSQL is away those at hand go on."""
    while not stopping.is_set():
        try:
            await sessions.renew_keys()
        except PandaError as error:
            structlog.get_logger().warning("keys not read", reason=str(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _KEYS_SECONDS)


def _apply(view: ControlView, event: AnyEvent) -> None:
    try:
        view.apply(event)
    except ValidationError as error:
        # The view keeps what it had; the resource was refused where it was written, so this is version skew.
        structlog.get_logger().error("control event not understood", id=event.id, reason=str(error))
