"""A strategy that is new on a live platform is shown the last bars of the history database, and those once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from tests.unit.strategies.market_days import TOKEN, bar
from tests.unit.strategy_runner.scripted import bar_event, broker, configured, feed, runner, spec

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.history.rows import rows_of
from alpha_panda.history.writer import HistoryWriter
from alpha_panda.runtime.recorded_bars import Wanted, last_bars
from alpha_panda.strategy_runner.looking_back import LookingBack

pytestmark = pytest.mark.integration
Pool = asyncpg.Pool
OPEN = datetime(2026, 1, 5, 3, 45, tzinfo=UTC)
CALENDAR = default_calendar()


def minutes(count: int, start: datetime = OPEN) -> list[Bar]:
    return [bar(10_000 + each, start + timedelta(minutes=each)) for each in range(count)]


async def write(pool: Pool, bars: list[Bar]) -> None:
    await HistoryWriter(pool).write([row for each in bars for row in rows_of(bar_event(each), None)])


async def test_the_last_bars_that_have_ended_are_given_as_they_were_written(pool: Pool):
    whole = [*minutes(5), bar(9_000, OPEN + timedelta(minutes=374), last_of_session=True)]
    await write(pool, whole)
    wanted = Wanted(tokens=(TOKEN, 1), timeframes=(Timeframe.M1,), before=OPEN + timedelta(minutes=3), count=2)
    async with pool.acquire() as connection:
        assert await last_bars(connection, CALENDAR, wanted) == whole[1:3]
        later = Wanted(tokens=(TOKEN,), timeframes=(Timeframe.M1,), before=OPEN + timedelta(days=1), count=9)
        assert await last_bars(connection, CALENDAR, later) == whole


async def test_a_new_strategy_is_warm_before_its_first_bar_and_knows_no_bar_twice(pool: Pool):
    past = minutes(3)
    await write(pool, past)
    processor, looking_back = runner(), LookingBack(pool, CALENDAR)
    feed(processor, broker(), configured("s", spec(params={"enterAt": 10_003})))
    assert await looking_back.prepare(processor)
    assert processor.diagnostics()["instances_warm"] == 1
    assert feed(processor, bar_event(past[-1])) == []
    (signal,) = feed(processor, bar_event(bar(10_003, OPEN + timedelta(minutes=3))))
    assert signal.data.reason == "bar 4"
    assert not await looking_back.prepare(processor)


async def test_a_restart_from_the_snapshot_goes_on_with_what_was_shown(pool: Pool):
    past = minutes(3)
    await write(pool, past)
    processor, again = runner(), runner()
    feed(processor, broker(), configured("s", spec(params={"enterAt": 10_003})))
    await LookingBack(pool, CALENDAR).prepare(processor)
    again.restore(processor.snapshot())
    assert not await LookingBack(pool, CALENDAR).prepare(again)
    assert feed(again, bar_event(past[-1])) == []
    (signal,) = feed(again, bar_event(bar(10_003, OPEN + timedelta(minutes=3))))
    assert signal.data.reason == "bar 4"


async def test_without_history_a_strategy_begins_cold_and_is_not_asked_for_again(pool: Pool):
    processor, looking_back = runner(), LookingBack(pool, CALENDAR)
    feed(processor, broker(), configured("s", spec()))
    assert not await looking_back.prepare(processor)
    await write(pool, minutes(3))
    assert not await looking_back.prepare(processor)
    assert processor.diagnostics()["instances_warm"] == 0
