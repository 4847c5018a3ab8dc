"""Bars for the tests of indicators: written by hand, drawn by Hypothesis, and compared one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from alpha_panda.domain.indicators.indicator import Indicator
from alpha_panda.events.market import Bar, Timeframe

OPEN = datetime(2023, 7, 10, 3, 45, tzinfo=UTC)
"""09:15 in India."""
SHORT = (
    *("sma:5", "ema:5", "macd:3,6,4", "roc:4", "rsi:5", "stochastic:5,3,2", "bollinger:5,2", "donchian:5"),
    *("keltner:5,2,4", "atr:4", "supertrend:4,2", "di:4", "adx:4", "vwap", "obv", "volume_ratio:5"),
)
"""Every indicator once, with periods that a drawn series fills."""


def bar_at(index: int, prices: tuple[int, int, int, int], volume: int = 100, each_day: int = 375) -> Bar:
    """The bar of that index in minutes, so many in a day."""
    day, minute = divmod(index, each_day)
    start = OPEN + timedelta(days=day, minutes=minute)
    first, high, low, close = prices
    return Bar(
        instrument_token=1,
        timeframe=Timeframe.M1,
        start=start,
        end=start + timedelta(minutes=1),
        open_paise=first,
        high_paise=high,
        low_paise=low,
        close_paise=close,
        volume=volume,
    )


def closes(*prices: int) -> list[Bar]:
    """Bars of one price each."""
    return [bar_at(index, (price,) * 4) for index, price in enumerate(prices)]


def values(indicator: Indicator[Any], bars: Iterable[Bar]) -> list[Any]:
    """What it is after each bar."""
    return [indicator.update(bar) for bar in bars]


def flat(value: Any) -> tuple[float, ...]:  # noqa: ANN401 — a float or a struct of floats
    """The outputs of a value that is defined."""
    return msgspec.structs.astuple(value) if isinstance(value, msgspec.Struct) else (value,)


def scaled(bars: Sequence[Bar], factor: int) -> list[Bar]:
    """The same market in other money."""
    names = ("open_paise", "high_paise", "low_paise", "close_paise")
    return [msgspec.structs.replace(bar, **{name: getattr(bar, name) * factor for name in names}) for bar in bars]


@st.composite
def series(draw: st.DrawFn, most: int = 60) -> list[Bar]:
    """Bars in minutes, twenty in a day: gaps, bars of one price, stretches without a move, bars without volume."""
    close = draw(st.sampled_from((5_000, 94_600, 1_000_000)))
    count = draw(st.integers(1, most))
    # Bytes, because Hypothesis draws them at once; five are a bar.
    shapes = iter(draw(st.binary(min_size=5 * count, max_size=5 * count)))
    bars = []
    for index, (size, gap, move, above, below) in enumerate(zip(*[shapes] * 5, strict=True)):
        step = (0, 0, 1, 20)[size % 4]
        first = max(close + step * (gap - 128), 1)
        close = max(first + step * (move - 128), 1)
        prices = first, max(first, close) + step * above, max(min(first, close) - step * below, 1), close
        bars.append(bar_at(index, prices, (0, 1, 250, 10**7)[size // 4 % 4], each_day=20))
    return bars
