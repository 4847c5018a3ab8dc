"""History that was fetched from an exchange, in a real database, and the backtest of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from tests.integration.services.conftest import DATABASE
from tests.integration.services.test_history_data import EXAMPLES, said, said_of_history
from tests.support.kite import API_KEY, API_SECRET, RunningSimulator, running_simulator

from alpha_panda.backtest.parity import compare
from alpha_panda.backtest.run import Selection, source_of
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.downloads.fetch import Download, Downloader
from alpha_panda.downloads.kite import KiteHistory
from alpha_panda.downloads.report import Fetched
from alpha_panda.downloads.shelf import HistoryShelf
from alpha_panda.downloads.spans import sessions_of
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.local.stores import Stores
from alpha_panda.runtime.pace import Pace
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha.client import log_in

pytestmark = pytest.mark.integration
Pool = asyncpg.Pool
TABLE, CALENDAR = load_instruments(None), default_calendar()
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MARKET = EXAMPLES / "market"


def recorded(path: Path) -> list[Bar]:
    return [each.bar for day in source_of(Selection(path=path), TABLE, CALENDAR).bar_days() for each in day.bars]


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    """An exchange whose history is that of the examples."""
    with running_simulator() as made:
        candles = made.exchange.candles
        for bar in recorded(MARKET):
            for paise, quantity in (
                (bar.open_paise, 0),
                (bar.high_paise, 0),
                (bar.low_paise, 0),
                (bar.close_paise, bar.volume),
            ):
                candles.trade(bar.instrument_token, paise, quantity, bar.start)
        yield made


async def fetch(simulator: RunningSimulator, pool: Pool) -> tuple[Fetched, ...]:
    settings = ZerodhaSettings(root=simulator.root, timeout_seconds=60)
    token = simulator.request_token()
    session = await asyncio.to_thread(log_in, settings, API_KEY, API_SECRET, token, datetime.now(UTC))
    bars = recorded(MARKET)
    days = [bar.start.date() for bar in bars]
    wanted = Download(
        instruments=tuple(TABLE.require(token) for token in sorted({bar.instrument_token for bar in bars})),
        timeframe=Timeframe.M1,
        sessions=sessions_of(CALENDAR, min(days), max(days), NOW),
    )
    async with pool.acquire() as connection:
        asked = KiteHistory(settings, session, Pace(1000))
        return await Downloader(asked, HistoryShelf(connection), CALENDAR, lambda: NOW).fetch(wanted)


async def test_a_day_that_was_fetched_is_backtested_as_the_same_day_of_files_id_by_id(
    pool: Pool, stores: Stores, simulator: RunningSimulator
) -> None:
    found = await fetch(simulator, pool)
    assert sum(each.new for each in found) == len(recorded(MARKET))
    assert [each.failed for each in found] == [None] * len(found)
    url = stores.postgres.dsn(database=DATABASE)
    comparison = compare(said(Selection(path=MARKET)), await asyncio.to_thread(said_of_history, url))
    assert comparison.agrees
    assert comparison.equal["OrderFilled"] == 22


async def test_fetching_again_changes_nothing_and_a_bar_that_is_kept_otherwise_stands(
    pool: Pool, simulator: RunningSimulator
) -> None:
    first = await fetch(simulator, pool)
    bar = recorded(MARKET)[0]
    last = max(each.start for each in recorded(MARKET))
    await pool.execute("UPDATE market.bars SET volume = 1 WHERE start = $1", bar.start)
    await pool.execute("DELETE FROM market.bars WHERE start = $1", last)
    again = await fetch(simulator, pool)
    assert [each.new for each in again] == [1, *[0] * (len(first) - 1)]
    assert [each.differing for each in again] == [1, *[0] * (len(first) - 1)]
    assert await pool.fetchval("SELECT volume FROM market.bars WHERE start = $1", bar.start) == 1
