"""What the supervisor says of itself and of the services, for `panda status`, `up` and `down`: one small file.

It is replaced as a whole, so a reader never sees half of it, and reading it needs no running supervisor.
"""

from __future__ import annotations

import time
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from alpha_panda.local.identity import start_time
from alpha_panda.local.layout import Layout, write_private

SILENCE_SECONDS = 5.0
"""A supervisor that lives writes its status four times a second."""


class Phase(StrEnum):
    """How far the supervisor has come."""

    STARTING = "starting"
    SERVING = "serving"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class ServiceState(StrEnum):
    """What a service's process does."""

    STARTING = "Starting"
    RUNNING = "Running"
    BACK_OFF = "BackOff"
    STOPPED = "Stopped"


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One service's process."""

    name: str
    state: ServiceState
    pid: int | None
    restarts: int
    port: int
    reason: str = ""
    silent_since: datetime | None = None
    """When its process answered last, where it runs and no longer answers."""


class StoreStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One store's process."""

    name: str
    state: ServiceState
    pid: int | None
    restarts: int
    reason: str = ""


class PlatformStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The platform of one data directory. `started` is the supervisor's start time since boot."""

    pid: int
    started: int
    phase: Phase
    progress: str = ""
    error: str = ""
    remedy: str = ""
    api_port: int | None = None
    generation: int = 0
    """Counts reconciliations that are done."""
    failures: int = 0
    """Counts reconciliations that failed; they are tried again."""
    run: str = ""
    """Digest of the run's choices that were reconciled last."""
    written: float | None = None
    """Monotonic seconds since boot, which all processes of a machine count alike."""
    conflicts: tuple[str, ...] = ()
    stores: tuple[StoreStatus, ...] = ()
    services: tuple[ServiceStatus, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether the supervisor that wrote this still runs."""
        return start_time(self.pid) == self.started

    @property
    def silent_seconds(self) -> float:
        """How long nothing was written, where the supervisor lives and ought to have written often; else 0."""
        if self.written is None or not self.alive:
            return 0.0
        age = time.monotonic() - self.written
        return age if age > SILENCE_SECONDS else 0.0


def path_of(layout: Layout) -> Path:
    """Where the status is kept."""
    return layout.run / "status.json"


def load_status(layout: Layout) -> PlatformStatus | None:
    """The last status; None where there never was one."""
    path = path_of(layout)
    if not path.exists():
        return None
    return msgspec.json.decode(path.read_bytes(), type=PlatformStatus)


def save_status(layout: Layout, status: PlatformStatus) -> None:
    """Replace the status."""
    write_private(path_of(layout), msgspec.json.encode(status).decode())
