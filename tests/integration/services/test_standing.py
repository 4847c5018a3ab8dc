"""An account's standing in PostgreSQL: one row, replaced when it changes, and never by an owner that was replaced."""

import asyncpg
import msgspec
import pytest
from tests.support.trading import broker_spec, feed, moment, price, risk
from tests.unit.risk_manager.positions import fill

from alpha_panda.api.queries import Queries
from alpha_panda.domain.account_state import AccountState
from alpha_panda.domain.standing import Standing
from alpha_panda.events.signals import Side
from alpha_panda.risk_manager.processor import RiskManagerProcessor
from alpha_panda.risk_manager.standing import StandingWriter
from alpha_panda.runtime.errors import FencedError
from alpha_panda.runtime.owners import PostgresOwners
from alpha_panda.runtime.ownership import Ownership, Tenure

pytestmark = pytest.mark.integration
SERVICE = "paper.risk-manager"


async def taken(pool: asyncpg.Pool) -> Tenure:
    tenure = await Ownership(PostgresOwners(pool, "paper"), SERVICE).take(SERVICE)
    assert tenure is not None
    return tenure


async def shown(pool: asyncpg.Pool) -> Standing:
    row = await Queries(pool).standing("paper")
    assert row is not None
    return msgspec.convert(row["data"], Standing)


def losing() -> RiskManagerProcessor:
    desk = risk(broker_spec(account={"maxDailyLossPercent": "1"}))
    feed(desk, price("09:59:00", 10_000), fill("10:00:00", Side.BUY, 100, 10_000))
    desk.on_watermark(moment("10:00:01"))
    return desk


async def test_the_row_follows_the_account(pool: asyncpg.Pool) -> None:
    desk, writer, owner = losing(), StandingWriter(pool, "paper"), await taken(pool)
    assert await Queries(pool).standing("paper") is None
    await writer.show(desk, owner)
    assert (await shown(pool)).state is AccountState.ACTIVE
    feed(desk, price("10:00:02", 9_000))
    desk.on_watermark(moment("10:00:03"))
    await writer.show(desk, owner)
    assert await shown(pool) == desk.standing
    assert [each.code for each in (await shown(pool)).locks] == ["daily_loss"]


async def test_what_has_not_changed_is_not_written_again(pool: asyncpg.Pool) -> None:
    desk, writer, owner = losing(), StandingWriter(pool, "paper"), await taken(pool)
    await writer.show(desk, owner)
    before = await Queries(pool).standing("paper")
    await writer.show(desk, owner)
    assert await Queries(pool).standing("paper") == before


async def test_an_owner_that_was_replaced_writes_nothing(pool: asyncpg.Pool) -> None:
    replaced = await taken(pool)
    await taken(pool)
    with pytest.raises(FencedError, match=r"paper\.risk-manager has another owner"):
        await StandingWriter(pool, "paper").show(losing(), replaced)
    assert await Queries(pool).standing("paper") is None
