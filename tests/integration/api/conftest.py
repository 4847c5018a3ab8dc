"""One API for all tests of this folder, on a database and keys of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from tests.integration.api.served import PREFIX, Served

from alpha_panda.local.stores import Stores
from alpha_panda.provision.migrations import migrate
from alpha_panda.topology.model import PostgresSchema

DATABASE = "api_of_tests"
SCHEMAS = (
    PostgresSchema(name="platform", migrations="platform"),
    PostgresSchema(name="market", migrations="market"),
    PostgresSchema(name="paper", migrations="broker"),
    PostgresSchema(name="real", migrations="broker"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(stores: Stores) -> AsyncIterator[str]:
    """A database with every table."""
    admin = await asyncpg.connect(stores.postgres.dsn())
    await admin.execute(f"CREATE DATABASE {DATABASE}")
    connection = await asyncpg.connect(stores.postgres.dsn(database=DATABASE))
    async with connection.transaction():
        await migrate(connection, SCHEMAS)
    await connection.close()
    yield DATABASE
    await admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    await admin.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(stores: Stores, database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """The API."""
    api = Served(stores, database, tmp_path_factory.mktemp("api"))
    await asyncio.to_thread(api.__enter__)
    yield api
    await asyncio.to_thread(api.__exit__)


@pytest.fixture
def strict(stores: Stores, database: str, tmp_path: Path) -> Iterator[Served]:
    """The API with the limits that people have."""
    with Served(stores, database, tmp_path, logins_per_minute=5, request_seconds=2.0) as api:
        yield api


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def no_keys_left(stores: Stores) -> AsyncIterator[None]:
    """What was counted is forgotten afterwards."""
    yield
    from redis.asyncio import Redis  # noqa: PLC0415 - only here

    async with Redis.from_url(stores.redis.url()) as client:
        for pattern in (f"{PREFIX}*", "paper:*", "real:*"):
            await client.delete(*[key async for key in client.scan_iter(pattern)] or ["none"])
