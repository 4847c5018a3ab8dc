"""The ways of people through the notifier: the doors of the kill switch, the audit log, and which Brokers are live."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from alpha_panda.events.control import BrokerConfigured
from alpha_panda.events.topics import CONTROL_BROKERS
from alpha_panda.operations.audit import AuditLog
from alpha_panda.operations.halt_door import Door
from alpha_panda.operations.resource_door import ResourceDoor
from alpha_panda.operations.resource_store import ResourceStore
from alpha_panda.operations.store_doors import LogDoor, SwitchDoor
from alpha_panda.runtime.control_reader import ControlReader
from alpha_panda.runtime.settings import ServiceSettings


def people_settings(settings: ServiceSettings) -> ServiceSettings:
    """The ways into Kafka and Redis as the principal of people."""
    who = {"username": settings.operations.username, "password": settings.operations.password}
    kafka, redis = settings.kafka.model_copy(update=who), settings.redis.model_copy(update=who)
    return settings.model_copy(update={"kafka": kafka, "redis": redis})


def find_doors(settings: ServiceSettings, pool: asyncpg.Pool[Any]) -> tuple[Door, ...]:
    """The doors of this installation, the truth first; resources are one where they are in PostgreSQL."""
    people = people_settings(settings)
    doors: list[Door] = [LogDoor(people), SwitchDoor(people, asked=settings.run.pacing == "arrival")]
    if settings.operations.resources == "stored":
        doors.append(ResourceDoor(lambda: _resources(pool)))
    return tuple(doors)


def audit_log(settings: ServiceSettings) -> AuditLog:
    """The audit log; without a folder of the installation what waits for Kafka is kept in the pod's own."""
    folder = settings.operations.folder or Path(tempfile.gettempdir())
    return AuditLog(lambda: people_settings(settings), folder)


async def live_brokers(settings: ServiceSettings) -> Iterable[str]:
    """The Brokers that trade real money, as the log says now."""
    reader = ControlReader(people_settings(settings), (CONTROL_BROKERS,))
    specs: dict[str, dict[str, Any] | None] = {}
    try:
        for event, _ in await reader.start():
            if isinstance(event.data, BrokerConfigured):
                specs[event.data.name] = event.data.spec
    finally:
        await reader.stop()
    return [name for name, spec in specs.items() if spec is not None and spec.get("live")]


@asynccontextmanager
async def _resources(pool: asyncpg.Pool[Any]) -> AsyncIterator[ResourceStore]:
    yield ResourceStore(pool)
