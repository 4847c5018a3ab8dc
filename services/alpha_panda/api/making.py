"""How the API comes to act for people: with the credentials of operations beside its own."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from alpha_panda.api.desk import Desk
from alpha_panda.errors import InputError
from alpha_panda.operations.audit import AuditLog, read_newest
from alpha_panda.operations.closing import ask_to_close
from alpha_panda.operations.halt_door import Door
from alpha_panda.operations.resource_door import ResourceDoor
from alpha_panda.operations.resource_store import ResourceStore
from alpha_panda.operations.store_doors import LogDoor, SwitchDoor
from alpha_panda.runtime.settings import KafkaProfile, RedisSettings, ServiceSettings

_REQUEST_MILLISECONDS = 2000


def make_desk(settings: ServiceSettings, pool: asyncpg.Pool[Any]) -> Desk:
    """The desk of an installation; where resources are the cluster's, it has no door there.

    Raises:
        InputError: the credentials of operations are not set.
    """
    people = _people(settings)
    doors: list[Door] = [LogDoor(people), SwitchDoor(people, asked=settings.run.pacing == "arrival")]
    stored = settings.operations.resources == "stored"
    if stored:
        doors.append(ResourceDoor(partial(_resources, pool)))
    audit = AuditLog(lambda: people, settings.operations.folder or Path(tempfile.gettempdir()))
    resources = partial(_resources, pool) if stored else None
    return Desk(doors, audit, partial(read_newest, people, None), resources, partial(ask_to_close, people))


def people_in_redis(settings: ServiceSettings) -> RedisSettings:
    """The way into Redis as the principal of people, where their attempts are counted."""
    given = settings.operations
    return settings.redis.model_copy(update={"username": given.username, "password": given.password})


def _people(settings: ServiceSettings) -> ServiceSettings:
    given = settings.operations
    if given.username is None or given.password is None:
        raise InputError(
            "operations.username and operations.password are not set, and people halt through the API with them",
            remedy="set both; the plan has them",
        )
    profile = KafkaProfile(request_timeout_milliseconds=_REQUEST_MILLISECONDS)
    kafka = settings.kafka.model_copy(
        update={"username": given.username, "password": given.password, "profile": profile}
    )
    return settings.model_copy(update={"kafka": kafka, "redis": people_in_redis(settings)})


@asynccontextmanager
async def _resources(pool: asyncpg.Pool[Any]) -> AsyncIterator[ResourceStore]:
    yield ResourceStore(pool)
