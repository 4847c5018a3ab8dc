"""The API's composition root."""

from __future__ import annotations

import asyncio

import structlog
import uvicorn
from pydantic import ValidationError

from alpha_panda.api.application import create_app
from alpha_panda.api.cache import PortfolioCache
from alpha_panda.api.control_view import ControlView
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.queries import Queries
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.events.topics import CONTROL_AND_FINDINGS
from alpha_panda.runtime.control_reader import ControlReader
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.redis import make_redis, require_login

_POLL_MILLISECONDS = 200


async def run(process: Process) -> None:
    """Assemble and serve until told to stop; the view of `control.*` follows within a fraction of a second."""
    settings = process.settings
    if settings.api.token is None:
        raise InputError("api.token is not set, and the API serves nobody without one", remedy="set PANDA_API__TOKEN")
    view = ControlView()
    reader = ControlReader(settings, CONTROL_AND_FINDINGS)
    async with await make_pool(settings.postgres, size=4) as pool, make_redis(settings.redis) as redis:
        await require_login(redis, settings.redis)
        app = create_app(
            Dependencies(
                control=view,
                cache=PortfolioCache(redis),
                queries=Queries(pool),
                instruments=load_instruments(settings.data.instruments),
                registry=process.metrics.registry,
                token=settings.api.token.get_secret_value(),
            )
        )
        server = _Server(
            uvicorn.Config(
                app,
                host=settings.http.host,
                port=settings.api.port,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=5,
            )
        )
        serving = asyncio.create_task(server.serve())
        try:
            for event, _ in await reader.start():
                _apply(view, event)
            view.complete = True
            await _follow(process, reader, view, serving)
        finally:
            server.should_exit = True
            await serving
            await reader.stop()


class _Server(uvicorn.Server):
    """Signals are the process' business, not the server's."""

    def install_signal_handlers(self) -> None:
        """Leave them as they are."""


async def _follow(process: Process, reader: ControlReader, view: ControlView, serving: asyncio.Task[None]) -> None:
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
            process.health.saw_event()


def _apply(view: ControlView, event: AnyEvent) -> None:
    try:
        view.apply(event)
    except ValidationError as error:
        # The view keeps what it had; the resource was refused where it was written, so this is version skew.
        structlog.get_logger().error("control event not understood", id=event.id, reason=str(error))
