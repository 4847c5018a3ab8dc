"""The books in PostgreSQL and the read model in Redis, as the API reads them."""

from datetime import UTC, datetime

import asyncpg
import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from tests.unit.portfolio.trades import account, at, fill, tick

from alpha_panda.api.cache import PortfolioCache
from alpha_panda.events.signals import Side
from alpha_panda.portfolio.ledger import LedgerWriter
from alpha_panda.portfolio.read_model import PARTS, ReadModelWriter
from alpha_panda.portfolio.views import ReadModel
from alpha_panda.runtime.errors import FencedError, TransientError
from alpha_panda.runtime.owners import PostgresOwners
from alpha_panda.runtime.ownership import Ownership, Tenure

pytestmark = pytest.mark.integration
Pool = asyncpg.Pool
SERVICE = "paper.portfolio"


async def taken(pool: Pool) -> Tenure:
    tenure = await Ownership(PostgresOwners(pool, "paper"), SERVICE).take(SERVICE)
    assert tenure is not None
    return tenure


@pytest_asyncio.fixture(loop_scope="session")
async def owner(pool: Pool) -> Tenure:
    """Who owns the portfolio's task."""
    return await taken(pool)


def read_model() -> ReadModel:
    processor = account(fill(Side.BUY, 100, 9_500, 1), tick(9_600, 2))
    list(processor.on_watermark(at(3)))
    model = processor.read_model()
    assert model is not None
    return model


async def test_an_owner_that_was_replaced_books_nothing(pool: Pool, owner: Tenure):
    await taken(pool)
    with pytest.raises(FencedError, match=r"paper\.portfolio has another owner; .* fence 1 was not kept"):
        await LedgerWriter(pool, "paper").write(account().pending_ledger(), owner)
    assert await pool.fetchval('SELECT count(*) FROM "paper".ledger') == 0


async def test_an_owner_that_was_replaced_leaves_the_read_model_as_it_is(pool: Pool, redis: Redis, owner: Tenure):
    writer = ReadModelWriter(redis, "paper")
    successor = await taken(pool)
    await writer.write(read_model(), successor)
    before = await redis.get("paper:portfolio:summary")
    with pytest.raises(FencedError, match="was taken over by"):
        await writer.write(read_model(), owner)
    assert await redis.get("paper:portfolio:summary") == before


async def test_a_redis_that_has_outlived_the_other_stores_does_not_keep_the_portfolio_out(redis: Redis, owner: Tenure):
    await redis.set("paper:portfolio:fence", 70)
    await ReadModelWriter(redis, "paper").write(read_model(), owner)
    assert await redis.get("paper:portfolio:fence") == b"1"


async def test_entries_that_are_written_again_are_booked_once_and_balance(pool: Pool, owner: Tenure):
    processor = account(fill(Side.BUY, 100, 9_500, 1, charges=300), fill(Side.SELL, 40, 9_600, 2, charges=200))
    writer = LedgerWriter(pool, "paper")
    for _ in range(2):
        await writer.write(processor.pending_ledger(), owner)
    totals = await pool.fetch('SELECT account, sum(amount_paise)::bigint AS paise FROM "paper".ledger GROUP BY account')
    assert {row["account"]: row["paise"] for row in totals} == {
        "capital": -5_000_000,
        "cash": 5_000_000 - 950_000 + 384_000 - 500,
        "position:s:3050241:MIS": 60 * 9_500,
        "realised:s": -4_000,
        "charge:brokerage": 250,
        "charge:stt": 250,
    }
    unbalanced = 'SELECT id FROM "paper".ledger GROUP BY id HAVING sum(amount_paise) <> 0'
    assert await pool.fetch(unbalanced) == []


async def test_the_books_cannot_be_rewritten(pool: Pool, owner: Tenure):
    await LedgerWriter(pool, "paper").write(account().pending_ledger(), owner)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await pool.execute('UPDATE "paper".ledger SET amount_paise = 0')


async def test_books_without_a_schema_are_waited_for(pool: Pool):
    with pytest.raises(TransientError, match="lacks a table"):
        await LedgerWriter(pool, "nobody").write(account().pending_ledger(), Tenure(SERVICE, SERVICE))


async def test_the_api_reads_what_the_portfolio_wrote(redis: Redis):
    model = read_model()
    written = datetime(2026, 11, 21, 6, tzinfo=UTC)
    await ReadModelWriter(redis, "paper", lambda: written).write(model, Tenure(SERVICE, SERVICE))
    parts = await PortfolioCache(redis).read("paper", *PARTS, "nothing")
    assert set(parts) == set(PARTS)
    assert (parts["summary"].as_of, parts["summary"].written_at) == (at(3), written)
    assert parts["summary"].data["equity_paise"] == model.summary.equity_paise
    assert parts["positions"].data[0]["unrealised_paise"] == 10_000


async def test_a_redis_that_is_not_there_is_said():
    async with Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)) as nowhere:
        with pytest.raises(TransientError, match="Redis does not answer"):
            await PortfolioCache(nowhere).ping()
