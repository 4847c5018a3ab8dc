"""A strategy is told when the platform closes intraday positions by itself: by the calendar, not by fills."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tests.unit.strategies.market_days import TOKEN, bar
from tests.unit.strategy_runner.scripted import (
    Script,
    bar_event,
    broker,
    configured,
    feed,
    runner,
    spec,
    tick_event,
)

from alpha_panda.domain.calendar import IST
from alpha_panda.events.market import Bar, Tick, Timeframe
from alpha_panda.events.signals import Intent, Side
from alpha_panda.strategy import Enter, Wish
from alpha_panda.strategy_runner.processor import StrategyRunnerProcessor

MODULE = __name__
OF_2026, OF_2019 = (2026, 1, 5), (2019, 7, 9)


class Telling(Script):
    """Says at each bar when it was told of a closing, if it was since the bar before."""

    told = ""

    def closed(self, at: datetime) -> None:
        self.told = f"{at.astimezone(IST):%H:%M}"

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        _ = bar
        yield Enter(side=Side.BUY, reason=self.told or "nothing")
        self.told = ""


class TellingTicks(Telling):
    """The same at each tick."""

    def on_tick(self, tick: Tick, event_time: datetime) -> Iterable[Wish]:
        _ = (tick, event_time)
        yield Enter(side=Side.BUY, reason=f"tick {self.told or 'nothing'}")
        self.told = ""


def trading(cls: str, **changes: object) -> StrategyRunnerProcessor:
    processor = runner()
    wanted = {**spec(**changes), "strategy": f"{MODULE}:{cls}"}
    feed(processor, broker(), configured("s", wanted))
    return processor


def minute(day: tuple[int, int, int], clock: str) -> Bar:
    """The bar that ends then, in India."""
    hour, minutes = map(int, clock.split(":"))
    end = datetime(*day, hour, minutes, tzinfo=IST).astimezone(UTC)
    return bar(10_000, end - timedelta(minutes=1))


def told(processor: StrategyRunnerProcessor, *bars: Bar) -> list[str]:
    return [each.data.reason for each in feed(processor, *map(bar_event, bars))]


def test_it_is_told_before_each_bar_that_ends_later_and_not_at_the_next_open():
    processor = trading("Telling")
    clocks = ("09:16", "15:10", "15:11", "15:12", "15:30")
    assert told(processor, *(minute(OF_2026, each) for each in clocks)) == [
        *("nothing", "nothing"),
        *("15:10", "15:10", "15:10"),
    ]
    assert told(processor, minute((2026, 1, 6), "09:16"), minute((2026, 1, 6), "15:11")) == ["nothing", "15:10"]


def test_the_time_is_that_of_the_day():
    """From the closing auction of August 2026 on, shares with derivatives are closed earlier."""
    processor = trading("Telling")
    assert told(processor, minute((2026, 8, 10), "15:05"), minute((2026, 8, 10), "15:06")) == ["nothing", "15:05"]


def test_a_daily_bar_is_behind_the_closing_of_its_day():
    processor = trading("Telling", timeframes=["1d"])
    whole = Bar(
        instrument_token=TOKEN,
        timeframe=Timeframe.D1,
        start=datetime(2026, 1, 5, 3, 45, tzinfo=UTC),
        end=datetime(2026, 1, 5, 10, 0, tzinfo=UTC),
        open_paise=10_000,
        high_paise=10_000,
        low_paise=10_000,
        close_paise=10_000,
        volume=1,
        last_of_session=True,
    )
    assert told(processor, whole) == ["15:10"]


def test_positions_that_may_be_carried_over_night_are_not_closed():
    assert (
        told(trading("Telling", product="CNC"), minute(OF_2026, "15:11"), minute(OF_2026, "15:30")) == ["nothing"] * 2
    )


def test_a_change_of_product_is_in_force_from_the_next_bar():
    processor = trading("Telling")
    assert told(processor, minute(OF_2026, "15:11")) == ["15:10"]
    wanted = {**spec(product="CNC"), "strategy": f"{MODULE}:Telling"}
    feed(processor, configured("s", wanted, generation=2))
    assert told(processor, minute(OF_2026, "15:12")) == ["nothing"]


def test_it_is_told_before_ticks_as_well():
    processor = trading("TellingTicks")
    close = datetime(2026, 1, 5, 9, 40, tzinfo=UTC)
    start = tick_event(10_000).event_time
    found = feed(processor, *(tick_event(10_000, int((close - start).total_seconds()) + each) for each in (0, 1)))
    assert [each.data.reason for each in found] == ["tick nothing", "tick 15:10"]


def test_a_shipped_strategy_stands_flat_afterwards_and_wants_no_exit():
    """Long from a crossing; after the closing a fall is nothing that it must leave."""
    closes = [10_000, 9_900, 9_800, 10_200, 10_300, 9_000]
    wanted = {"strategy": "ema_cross", "params": {"fast": 1, "slow": 2}, "instruments": spec()["instruments"]}
    processor = runner()
    feed(processor, broker(), configured("s", wanted))
    start = datetime(2026, 1, 5, 9, 36, tzinfo=UTC)
    bars = [bar(each, start + timedelta(minutes=index)) for index, each in enumerate(closes)]
    assert [each.data.intent for each in feed(processor, *map(bar_event, bars[:5]))] == [Intent.ENTER]
    assert feed(processor, bar_event(bars[5])) == []
