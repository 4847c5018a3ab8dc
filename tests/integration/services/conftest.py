"""A database with the tables of the market and of two Brokers, and a Redis client; nobody else's."""

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio
from redis.asyncio import Redis

from alpha_panda.local.stores import Stores
from alpha_panda.provision.migrations import migrate
from alpha_panda.topology.model import PostgresSchema

DATABASE = "services_of_tests"
SCHEMAS = (
    PostgresSchema(name="platform", migrations="platform"),
    PostgresSchema(name="market", migrations="market"),
    PostgresSchema(name="paper", migrations="broker"),
    PostgresSchema(name="second-paper", migrations="broker"),
)


@pytest_asyncio.fixture(loop_scope="session")
async def pool(stores: Stores) -> AsyncIterator[asyncpg.Pool]:
    """Connections to an empty database that has every table."""
    admin = await asyncpg.connect(stores.postgres.dsn())
    await admin.execute(f"CREATE DATABASE {DATABASE}")
    try:
        async with asyncpg.create_pool(stores.postgres.dsn(database=DATABASE), min_size=1, max_size=4) as made:
            async with made.acquire() as connection, connection.transaction():
                await migrate(connection, SCHEMAS)
            yield made
    finally:
        await admin.execute(f"DROP DATABASE {DATABASE}")
        await admin.close()


@pytest_asyncio.fixture(loop_scope="session")
async def redis(stores: Stores) -> AsyncIterator[Redis]:
    """A client whose keys begin with `paper:`; they are gone afterwards."""
    async with Redis.from_url(stores.redis.url()) as client:
        yield client
        await client.delete(*[key async for key in client.scan_iter("paper:*")] or ["none"])
