"""The platform of a data directory as a client sees it: start its supervisor, talk to it, stop it, ask its services."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import psutil

from alpha_panda.domain.pipeline_watch import Code, Finding, Now
from alpha_panda.errors import UnavailableError
from alpha_panda.local.identity import start_time
from alpha_panda.local.layout import Layout, disk_note
from alpha_panda.local.locks import EXIT_IN_USE, in_use
from alpha_panda.local.ports import HOST
from alpha_panda.local.progress import Progress, silent
from alpha_panda.local.run_file import Run, load_run
from alpha_panda.local.status_file import Phase, PlatformStatus, ServiceState, ServiceStatus, load_status

NOT_ANSWERING = "NotAnswering"
_POLL_SECONDS = 0.05
_UNKNOWN = "Unknown"
_START_SECONDS = 900.0
"""The first start downloads Kafka and PostgreSQL."""
_STOP_SECONDS = 40.0
_TRIES = 2
"""Reconciliations that may fail before a person is told: the first may have begun before it could work."""


class ServiceDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A service as the supervisor and the service itself tell it."""

    name: str
    state: str
    pid: int | None
    restarts: int
    lag: int | None
    event_age_seconds: float | None
    rss_megabytes: float | None
    epoch: int | None
    finished: bool
    reason: str
    detail: dict[str, Any]
    findings: tuple[Finding, ...] = ()
    """What its own watch finds wrong, or that it does not answer."""


class Platform:
    """One data directory's platform."""

    def __init__(self, layout: Layout) -> None:
        """Only remember the layout."""
        self.layout = layout
        self._said = ""
        self._own: subprocess.Popen[bytes] | None = None

    def status(self) -> PlatformStatus | None:
        """What the supervisor says; None where none runs."""
        status = load_status(self.layout)
        return status if status is not None and status.alive else None

    def require_running(self) -> PlatformStatus:
        """The status of a running platform; raises UnavailableError where there is none."""
        status = self.status()
        if status is None:
            raise UnavailableError(f"no platform is running in {self.layout.root}", remedy="start it with `panda up`")
        return status

    def start(self, progress: Progress = silent, ports: dict[str, int] | None = None) -> PlatformStatus:
        """Start the supervisor where none runs and wait until it serves."""
        running = self.status()
        if running is not None and running.phase is Phase.STOPPING:
            self._await_end(running)
            running = None
        if running is not None and running.phase is Phase.SERVING:
            return running
        process: subprocess.Popen[bytes] | None = None
        if running is None:
            self.layout.create()
            process = self._spawn(ports or {})
            self._own = process
        failures = running.failures if running is not None else 0
        return self._wait(lambda status: status.phase is Phase.SERVING, failures, progress, process)

    def reload(self, progress: Progress = silent) -> PlatformStatus:
        """Make the supervisor read the run's choices and the resources again, and wait until it has."""
        status = self.require_running()
        wanted = (load_run(self.layout) or Run()).digest
        os.kill(status.pid, signal.SIGHUP)
        return self._wait(
            lambda now: now.generation > status.generation and now.run == wanted, status.failures, progress, None
        )

    def stop(self, progress: Progress = silent) -> bool:
        """Stop everything; False where nothing ran."""
        status = self.status()
        if status is None:
            return False
        progress("stopping services and stores")
        os.kill(status.pid, signal.SIGTERM)
        self._await_end(status)
        if self._own is not None and self._own.pid == status.pid:
            self._own.wait()
        return True

    def stop_own(self, progress: Progress = silent) -> None:
        """Stop what this object has started, if that is what runs."""
        status = self.status()
        if status is not None and self._own is not None and status.pid == self._own.pid:
            self.stop(progress)

    def _await_end(self, status: PlatformStatus) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        while start_time(status.pid) == status.started:
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"the supervisor (process {status.pid}) did not stop within {_STOP_SECONDS:g} s",
                    remedy=f"read {self._log}; `kill -9 {status.pid}` ends it, and all it started with it",
                )
            time.sleep(_POLL_SECONDS)

    def stores(self) -> tuple[ServiceDetail, ...]:
        """The stores as the supervisor sees them; unknown where it has not told for long."""
        status = self.require_running()
        stale = self._stale(status)
        return tuple(
            ServiceDetail(
                name=store.name,
                state=_UNKNOWN if stale else "Ready" if store.state is ServiceState.RUNNING else str(store.state),
                pid=store.pid,
                restarts=store.restarts,
                lag=None,
                event_age_seconds=None,
                rss_megabytes=_rss(store.pid),
                epoch=None,
                finished=False,
                reason=stale or (store.reason if store.state is not ServiceState.RUNNING else ""),
                detail={},
            )
            for store in status.stores
        )

    def _stale(self, status: PlatformStatus) -> str:
        """Why what the supervisor says may no longer be so; nothing where it does."""
        if not status.silent_seconds:
            return ""
        note = disk_note(self.layout.run)
        return f"the supervisor has written no status for {status.silent_seconds:.0f} s{note}"

    async def services(self) -> tuple[ServiceDetail, ...]:
        """All services with what they say of themselves."""
        status = self.require_running()
        async with httpx.AsyncClient(timeout=1.0) as client:
            found = await asyncio.gather(*(_ask(client, service) for service in status.services))
        stale = self._stale(status)
        if not stale:
            return tuple(found)
        return tuple(
            each if each.detail else msgspec.structs.replace(each, state=_UNKNOWN, reason=stale) for each in found
        )

    @property
    def _log(self) -> str:
        return str(self.layout.logs / "supervisor.log")

    def _spawn(self, ports: dict[str, int]) -> subprocess.Popen[bytes]:
        arguments = [f"{name}={port}" for name, port in sorted(ports.items())]
        command = [sys.executable, "-m", "alpha_panda", "supervise", str(self.layout.root), *arguments]
        with open(self._log, "ab") as log:  # noqa: PTH123 — a path as text reads better in messages
            return subprocess.Popen(  # noqa: S603 — our own program
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=self.layout.root
            )

    def _wait(
        self,
        done: Callable[[PlatformStatus], bool],
        failures: int,
        progress: Progress,
        process: subprocess.Popen[bytes] | None,
    ) -> PlatformStatus:
        """Wait until the status is `done`; a first failure after `failures` may pass, a second one does not."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            status = load_status(self.layout)
            if status is not None and (process is None or status.pid == process.pid):
                if status.progress != self._said:
                    self._said = status.progress
                    progress(status.progress)
                if status.phase is Phase.FAILED or (status.error and status.failures >= failures + _TRIES):
                    raise UnavailableError(status.error, remedy=status.remedy or f"read {self._log}")
                if done(status):
                    return status
                if process is None and not status.alive:
                    raise UnavailableError("the supervisor has ended", remedy=f"read {self._log}")
            if process is not None and process.poll() == EXIT_IN_USE:
                raise in_use(self.layout, self.layout.supervisor_lock)
            if process is not None and process.poll() is not None:
                raise UnavailableError(
                    f"the supervisor ended with code {process.returncode}", remedy=f"read {self._log}"
                )
            time.sleep(_POLL_SECONDS)
        raise UnavailableError(f"the platform did not start within {_START_SECONDS:g} s", remedy=f"read {self._log}")


async def _ask(client: httpx.AsyncClient, service: ServiceStatus) -> ServiceDetail:
    told: dict[str, Any] = {}
    state = str(service.state)
    if service.state is ServiceState.RUNNING:
        try:
            told = (await client.get(f"http://{HOST}:{service.port}/status")).json()
        except (httpx.HTTPError, ValueError):
            state = str(ServiceState.STARTING) if service.silent_since is None else NOT_ANSWERING
        else:
            state = (
                "Ready" if told.get("ready") and told.get("alive") else ("Starting" if told.get("alive") else "Stalled")
            )
    return ServiceDetail(
        name=service.name,
        state=state,
        pid=service.pid,
        restarts=service.restarts,
        lag=told.get("lag"),
        event_age_seconds=told.get("event_age_seconds"),
        rss_megabytes=_rss(service.pid),
        epoch=told.get("epoch"),
        finished=bool(told.get("finished")),
        reason=service.reason if state != "Ready" else "",
        detail=told,
        findings=(_silence(service),) if state == NOT_ANSWERING else _found(told),
    )


def _found(told: dict[str, Any]) -> tuple[Finding, ...]:
    return msgspec.convert(told.get("findings", ()), tuple[Finding, ...])


def _silence(service: ServiceStatus) -> Finding:
    """What is to be said of a service whose process runs and does not answer."""
    now = Now(monotonic=time.monotonic(), wall=datetime.now(UTC))
    seconds = (now.wall - (service.silent_since or now.wall)).total_seconds()
    return Finding(
        code=Code.NOT_ANSWERING,
        subject=service.name,
        since=now.before(seconds),
        seconds=round(seconds, 1),
        message=f"process {service.pid} runs and has not answered for {seconds:.0f} s: it is stopped, or hangs",
        look=f"panda logs {service.name}",
    )


def _rss(pid: int | None) -> float | None:
    """Resident memory of a process in MB; None where it is gone."""
    if pid is None:
        return None
    try:
        return round(int(psutil.Process(pid).memory_info().rss) / 1e6, 1)
    except psutil.Error:
        return None
