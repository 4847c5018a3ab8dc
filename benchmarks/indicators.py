"""What a bar costs each indicator, against a call that does nothing with it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from alpha_panda.domain.indicators.registry import INDICATORS
from alpha_panda.events.market import Bar, Timeframe
from benchmarks.result import Benchmark, Better, Options, Result, Row

BARS: Final = 20_000
_OPEN: Final = datetime(2023, 7, 10, 3, 45, tzinfo=UTC)
_EACH_DAY: Final = 375


def measure(options: Options) -> Result:
    """Nanoseconds of processor time for an update, all indicators in turn as often as repetitions are asked for."""
    bars = walk(BARS)
    floor: list[float] = []
    costs: dict[str, list[float]] = {name: [] for name in INDICATORS}
    for turn in range(options.repetitions):
        options.say(f"indicators: {turn + 1} of {options.repetitions}, {BARS:,} bars each")
        floor.append(nanoseconds(lambda _: None, bars))
        for name, each in INDICATORS.items():
            costs[name].append(nanoseconds(each().update, bars))
    rows = tuple(
        Row(what=INDICATORS[name]().label, unit="ns", samples=tuple(found), better=Better.LESS, floor=tuple(floor))
        for name, found in costs.items()
    )
    return Result(
        rows=rows,
        compared=(
            f"One update of each indicator with its usual parameters, over {BARS:,} one-minute bars of a random walk, "
            "in processor time of one thread. The floor is the same loop around a function that does nothing."
        ),
        facts={"bars": f"{BARS:,}"},
    )


def nanoseconds(update: Callable[[Bar], object], bars: Sequence[Bar]) -> float:
    """Processor time for one of these updates."""
    begun = time.thread_time_ns()
    for bar in bars:
        update(bar)
    return (time.thread_time_ns() - begun) / len(bars)


def walk(count: int) -> tuple[Bar, ...]:
    """A seeded random walk in minutes, from 946 rupees."""
    chance = random.Random(20230710)  # noqa: S311 — any walk will do
    close, bars = 94_600, []
    for index in range(count):
        first = max(close + chance.randint(-60, 60), 5_000)
        close = max(first + chance.randint(-300, 300), 5_000)
        day, minute = divmod(index, _EACH_DAY)
        start = _OPEN + timedelta(days=day, minutes=minute)
        bar = Bar(
            instrument_token=1,
            timeframe=Timeframe.M1,
            start=start,
            end=start + timedelta(minutes=1),
            open_paise=first,
            high_paise=max(first, close) + chance.randint(0, 90),
            low_paise=min(first, close) - chance.randint(0, 90),
            close_paise=close,
            volume=chance.randint(0, 10**6),
        )
        bars.append(bar)
    return tuple(bars)


BENCHMARK = Benchmark(name="indicators", title="Indicators", run=measure, order=60)
