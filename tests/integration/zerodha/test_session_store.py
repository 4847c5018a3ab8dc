"""The login in a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import asyncpg
import pytest
import pytest_asyncio

from alpha_panda.local.stores import Stores
from alpha_panda.zerodha.errors import SealError
from alpha_panda.zerodha.session import Session, expiry
from alpha_panda.zerodha.session_store import Seal, SessionStore

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
SCHEMA = "kitesessions"


def session(at: datetime = NOW) -> Session:
    return Session(user_id="AB1234", api_key="key", access_token="secret", logged_in_at=at, expires_at=expiry(at))


@pytest_asyncio.fixture(loop_scope="session")
async def database(stores: Stores) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(stores.postgres.dsn())
    sql = files("alpha_panda").joinpath("migrations/broker/0004_kite_session.sql").read_text()
    await connection.execute(f"CREATE SCHEMA {SCHEMA}; SET search_path TO {SCHEMA}; {sql}; RESET search_path")
    yield connection
    await connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
    await connection.close()


async def test_a_login_is_kept_without_its_token_in_the_clear_and_replaced_by_the_next(
    database: asyncpg.Connection,
) -> None:
    store = SessionStore(database, SCHEMA, Seal("A" * 43))
    assert await store.load() is None
    await store.save(session())
    assert await store.load() == session()
    assert b"secret" not in await database.fetchval("SELECT sealed FROM kitesessions.kite_session")
    later = NOW + timedelta(days=1)
    await store.save(session(later))
    assert await store.load() == session(later)


async def test_a_refusal_is_kept_and_ends_only_the_login_that_was_refused(database: asyncpg.Connection) -> None:
    store = SessionStore(database, SCHEMA, Seal("A" * 43))
    old, new = session(), session(NOW + timedelta(hours=1))
    await store.save(new)
    await store.refused(old, NOW)
    assert (await store.load()) == new
    await store.refused(new, NOW)
    found = await store.load()
    assert found is not None
    assert found.refused_at == NOW


async def test_another_key_does_not_open_what_is_kept(database: asyncpg.Connection) -> None:
    await SessionStore(database, SCHEMA, Seal("A" * 43)).save(session())
    with pytest.raises(SealError):
        await SessionStore(database, SCHEMA, Seal("B" * 43)).load()
