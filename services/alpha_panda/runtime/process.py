"""A service as a process: settings, logs, metrics, health and a graceful end, the same for every service.

A composition root gives `run_process` one coroutine; here is decided what each kind of failure means for
the process: a wrong setting and a refused credential end it with codes of their own, everything that
leaves an outcome unknown ends it too, because the way back in is the same as after a crash.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
import uvloop

from alpha_panda.errors import InputError, PandaError
from alpha_panda.runtime.errors import (
    EXIT_AUTHENTICATION,
    EXIT_FATAL,
    EXIT_FENCED,
    EXIT_SETTINGS,
    AuthenticationError,
    FencedError,
)
from alpha_panda.runtime.fail_points import FailPoints
from alpha_panda.runtime.health import Health, serve_health
from alpha_panda.runtime.layers import load_settings
from alpha_panda.runtime.logs import LogQueue, configure_logs
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.service_watch import ServiceWatch
from alpha_panda.runtime.settings import ServiceSettings

FEED_TASK = "market-feed"
"""The task whose markers carry the watermark and the control offsets."""


_LOOK_SECONDS = 1.0
_LOOKS = 5
"""A process that was stopped and goes on is given so many looks to turn before it counts as hanging."""


class StuckError(PandaError):
    """A service that was told to stop and did not, or that waits for what will not come."""


class Process:
    """What a composition root is given."""

    def __init__(self, settings: ServiceSettings, logs: LogQueue) -> None:
        """Make the parts that every service has."""
        self.settings = settings
        self.metrics = Metrics(settings.service.name, settings.service.broker)
        self.watch = ServiceWatch(settings.service.name, settings.watch.bounds, paced=FEED_TASK)
        self.metrics.watch(self.watch)
        self.health = Health(self.watch.findings)
        self.fail_points = FailPoints(settings.run.fail_points, settings.service.name)
        self.stopping = asyncio.Event()
        self._logs = logs
        self.metrics.log_capacity.set(logs.capacity)
        self.metrics.log_queue.set_function(lambda: logs.size)
        self.metrics.log_drops.set_function(lambda: logs.dropped)


def run_process(main: Callable[[Process], Awaitable[None]]) -> int:
    """Run a service to its end; returns the exit code."""
    try:
        settings = load_settings()
    except InputError as error:
        sys.stderr.write(f"{error}\n{error.remedy or ''}\n")
        return EXIT_SETTINGS
    logs = configure_logs(settings.service.name, settings.service.broker, settings.logs.level, settings.logs.queue)
    try:
        return uvloop.run(_guarded(main, settings, logs))
    finally:
        logs.close()


async def _guarded(main: Callable[[Process], Awaitable[None]], settings: ServiceSettings, logs: LogQueue) -> int:
    log = structlog.get_logger()
    process = Process(settings, logs)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stopping.set)
    try:
        with serve_health(settings.http.host, settings.http.port, process.health, process.metrics) as port:
            log.info("service started", http_port=port)
            await _until_done(main(process), process)
    except StuckError as error:
        log.critical("service is left where it is", reason=str(error))
        logs.close()
        os._exit(EXIT_FATAL)  # what hangs would hang the orderly way out, too
    except AuthenticationError as error:
        log.critical("trading stops: credentials or permissions were refused", reason=str(error), remedy=error.remedy)
        return EXIT_AUTHENTICATION
    except FencedError as error:
        log.critical("service ends: another copy has taken over", reason=str(error), remedy=error.remedy)
        return EXIT_FENCED
    except PandaError as error:
        log.critical("service ends", reason=str(error), remedy=error.remedy)
        return EXIT_SETTINGS if isinstance(error, InputError) else EXIT_FATAL
    except Exception:
        log.critical("service ends by a fault", exc_info=True)
        return EXIT_FATAL
    log.info("service stopped")
    return 0


async def _until_done(work: Awaitable[None], process: Process) -> None:
    """Wait for the service as long as its loop turns; once it is told to stop, for the seconds that it may take.

    Raises:
        StuckError: it did not stop by then, or its loop hangs.
    """
    task = asyncio.ensure_future(work)
    told = asyncio.ensure_future(process.stopping.wait())
    await _first_of(task, told, process)
    told.cancel()
    patience = process.settings.run.stop_seconds
    if not task.done():
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done:
            raise StuckError(
                f"it did not stop within {patience:g} s; the rest is recovered from the log at the next start"
            )
    await task


async def _first_of(task: asyncio.Future[Any], told: asyncio.Future[Any], process: Process) -> None:
    """Until one of them is done; raises StuckError where the loop hangs at every look of several."""
    seconds, looks, frozen = process.settings.run.hang_seconds, 0, False
    while not (await asyncio.wait({task, told}, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED))[0]:
        if process.health.ready and not frozen:
            frozen = True
            gc.freeze()  # what was loaded until here stays; to look through it for rubbish takes a tenth of a second
        looks = looks + 1 if process.health.hangs(seconds) else 0
        if looks >= _LOOKS:
            raise StuckError(
                f"its loop has not turned for {seconds:g} s: what it waits for will not come; it is started again"
            )
