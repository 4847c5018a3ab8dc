"""Asks the three stores as the administrator: do they answer, what time is it there, which version are they."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from redis.asyncio import Redis
from redis.exceptions import RedisError

from alpha_panda.errors import UnavailableError
from alpha_panda.local.doctor.machine import StoreClock
from alpha_panda.local.doctor.stores import Answer
from alpha_panda.local.kafka import ADMIN as KAFKA_ADMIN
from alpha_panda.local.kafka import client_settings
from alpha_panda.local.kafka_program import VERSION
from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.postgres import ADMIN as POSTGRES_ADMIN
from alpha_panda.local.postgres import DATABASE
from alpha_panda.local.redis import ADMIN as REDIS_ADMIN

_SECONDS = 5.0
_REMEDY = "see `panda logs {store}`; `panda down` and `panda up` start it anew"


class Addresses:
    """The administrator's ways in to the stores of a run."""

    def __init__(self, layout: Layout) -> None:
        """Read ports and passwords; raises UnavailableError where the run was never started."""
        self._layout = layout
        ports = Ports(layout)
        self.kafka = f"{HOST}:{ports.known('kafka')}"
        self.redis = f"{HOST}:{ports.known('redis')}"
        self.postgres = f"{HOST}:{ports.known('postgres')}"

    @property
    def kafka_settings(self) -> dict[str, str]:
        """For a confluent-kafka client."""
        return client_settings(self.kafka, KAFKA_ADMIN, self._layout.secret("kafka-admin"))

    def redis_url(self) -> str:
        """For redis-py."""
        return f"redis://{REDIS_ADMIN}:{self._layout.secret('redis-admin')}@{self.redis}/0"

    def dsn(self) -> str:
        """For asyncpg."""
        return f"postgresql://{POSTGRES_ADMIN}:{self._layout.secret('postgres-admin')}@{self.postgres}/{DATABASE}"


async def ask_stores(addresses: Addresses) -> tuple[tuple[Answer, ...], tuple[StoreClock, ...]]:
    """All three side by side; the clocks of those that have one and answered."""
    kafka, (redis, redis_clock), (postgres, postgres_clock) = await asyncio.gather(
        asyncio.to_thread(_ask_kafka, addresses), _ask_redis(addresses), _ask_postgres(addresses)
    )
    clocks = tuple(clock for clock in (redis_clock, postgres_clock) if clock is not None)
    return (kafka, redis, postgres), clocks


def _ask_kafka(addresses: Addresses) -> Answer:
    refused: list[object] = []
    note: Callable[[object], None] = refused.append
    settings: dict[str, Any] = {**addresses.kafka_settings, "error_cb": note}
    client = AdminClient(settings)
    try:
        client.list_topics(timeout=_SECONDS)
    except KafkaException as error:
        why = refused[0] if refused else error.args[0]
        return _silent("kafka", f"Kafka at {addresses.kafka} does not answer: {why}")
    return Answer(store="kafka", version=VERSION)


async def _ask_redis(addresses: Addresses) -> tuple[Answer, StoreClock | None]:
    client = Redis.from_url(addresses.redis_url(), socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=None)
    try:
        version = str((await client.info("server"))["redis_version"])
        before, begun = datetime.now(UTC), time.monotonic()
        seconds, microseconds = await client.time()
        took = timedelta(seconds=time.monotonic() - begun)
    except (RedisError, OSError, TimeoutError) as error:
        return _silent("redis", f"Redis at {addresses.redis} does not answer: {error}"), None
    finally:
        await client.aclose()
    there = datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=int(microseconds))
    return Answer(store="redis", version=version), _clock("Redis", there, before, took)


async def _ask_postgres(addresses: Addresses) -> tuple[Answer, StoreClock | None]:
    try:
        connection = await asyncpg.connect(addresses.dsn(), timeout=_SECONDS, command_timeout=_SECONDS)
        try:
            version = str(await connection.fetchval("SHOW server_version"))
            before, begun = datetime.now(UTC), time.monotonic()
            there = await connection.fetchval("SELECT clock_timestamp()")
            took = timedelta(seconds=time.monotonic() - begun)
        finally:
            await connection.close(timeout=_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        said = str(error) or type(error).__name__
        return _silent("postgres", f"PostgreSQL at {addresses.postgres} does not answer: {said}"), None
    return Answer(store="postgres", version=version), _clock("PostgreSQL", there, before, took)


def _clock(store: str, there: datetime, before: datetime, took: timedelta) -> StoreClock:
    """Asked half-way there and back."""
    return StoreClock(store=store, offset=there - (before + took / 2), uncertainty=took / 2)


def _silent(store: str, error: str) -> Answer:
    return Answer(store=store, version=None, error=error, remedy=_REMEDY.format(store=store))


def addresses_of(layout: Layout) -> Addresses | UnavailableError:
    """The ways in, or why there are none."""
    try:
        return Addresses(layout)
    except UnavailableError as error:
        return error
