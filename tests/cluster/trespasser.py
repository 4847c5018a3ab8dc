"""Run in a service's pod, as the service: tries a Broker's topics, keys and tables, and prints what each said.

Its argument is the Broker. It comes in with the service's own settings and passwords, by the service's own clients.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

import asyncpg
from aiokafka import TopicPartition
from aiokafka import errors as kafka_errors
from redis import exceptions as redis_errors

from alpha_panda.events.topics import ORDERS_FILLED, PNL_SNAPSHOTS
from alpha_panda.runtime.kafka import make_consumer, make_producer
from alpha_panda.runtime.layers import load_settings
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.redis import make_redis

REFUSALS = (
    kafka_errors.TopicAuthorizationFailedError,
    redis_errors.NoPermissionError,
    asyncpg.InsufficientPrivilegeError,
)
SETTINGS = load_settings()
BROKER = sys.argv[1]


async def read_topic() -> None:
    """Read the Broker's fills. Of what it may not see aiokafka gives nothing and raises nothing."""
    consumer = make_consumer(SETTINGS.kafka)
    await consumer.start()
    try:
        partition = TopicPartition(ORDERS_FILLED.full_name(BROKER, SETTINGS.platform.prefix), 0)
        consumer.assign([partition])
        consumer.seek(partition, 0)
        found = await consumer.getmany(partition, timeout_ms=15_000)
        if partition.topic in consumer._client.cluster.unauthorized_topics:  # noqa: SLF001 - told nowhere else
            raise kafka_errors.TopicAuthorizationFailedError(partition.topic)
        if not found:
            raise LookupError(f"nothing is in {partition.topic}")
    finally:
        await consumer.stop()


async def write_topic() -> None:
    """Write what nobody reads: not even JSON."""
    producer = make_producer(SETTINGS.kafka)
    await producer.start()
    try:
        await producer.send_and_wait(PNL_SNAPSHOTS.full_name(BROKER, SETTINGS.platform.prefix), b"trespass", key=b"t")
    finally:
        await producer.stop()


async def read_keys() -> None:
    """Read the Broker's portfolio."""
    async with make_redis(SETTINGS.redis) as redis:
        await redis.exists(f"{SETTINGS.platform.prefix}{BROKER}:portfolio:summary")


async def write_keys() -> None:
    """Write beside it."""
    async with make_redis(SETTINGS.redis) as redis:
        await redis.hset(f"{SETTINGS.platform.prefix}{BROKER}:portfolio:trespass", "a", "b")


async def read_tables() -> None:
    """Read a table of the Broker's schema."""
    await _execute(f'SELECT * FROM "{BROKER}".snapshots LIMIT 1')  # noqa: S608 - a name of the test's


async def write_tables() -> None:
    """Empty it, and take that back."""
    await _execute(f'BEGIN; DELETE FROM "{BROKER}".snapshots; ROLLBACK')  # noqa: S608 - a name of the test's


async def _execute(statement: str) -> None:
    pool = await make_pool(SETTINGS.postgres, size=1)
    try:
        await pool.execute(statement)
    finally:
        await pool.close()


async def attempt(trespass: Callable[[], Awaitable[None]]) -> str:
    """What came of it."""
    try:
        await asyncio.wait_for(trespass(), 60)
    except REFUSALS:
        return "refused"
    except Exception as error:  # noqa: BLE001 - the test says which it wants
        return f"{type(error).__name__}: {error}"
    return "done"


async def main() -> None:
    """One after another. What a service writes it also reads back, so its own topic is not written to."""
    tried = [read_topic, read_keys, write_keys, read_tables, write_tables]
    if SETTINGS.service.name != f"{BROKER}.portfolio":
        tried.append(write_topic)
    sys.stdout.write(json.dumps({each.__name__: await attempt(each) for each in tried}))


asyncio.run(main())
