"""How far a bar goes, and the trail that this draws behind a trend."""

from __future__ import annotations

import msgspec

from alpha_panda.domain.indicators.about import About, Output, Parameter, Unit, period
from alpha_panda.domain.indicators.averages import Exponential, smoothed
from alpha_panda.domain.indicators.indicator import Indicator, State
from alpha_panda.events.market import Bar

UP = 1.0
DOWN = -1.0


class TrueRange(msgspec.Struct):
    """The average of ranges that count the gap from the close before; the first bar has none."""

    average: Exponential
    before: int | None = None

    def push(self, bar: Bar) -> float | None:
        """Take the next bar; return the average, None while it is seeded."""
        before, self.before = self.before, bar.close_paise
        if before is None:
            return None
        high, low = bar.high_paise, bar.low_paise
        reach = (high if high > before else before) - (low if low < before else before)  # noqa: FURB136 — calls cost more
        return self.average.push(reach)


def true_range(size: int) -> TrueRange:
    """With no bar yet."""
    return TrueRange(smoothed(size))


class _AtrState(State[float], kw_only=True):
    ranges: TrueRange


class Atr(Indicator[float]):
    """The average true range."""

    about = About(
        name="atr",
        title="Average true range",
        parameters=(period(14),),
        outputs=(Output("atr", Unit.PRICE),),
        warm_up="period + 1",
        formula=(
            "average with alpha 1 / period of max(high, close before) - min(low, close before), from the second bar "
            "on; the first is the mean of the first `period`"
        ),
        source="Wilder's, as TA-Lib ATR",
    )
    _state: _AtrState

    def __init__(self, period: int = 14) -> None:
        super().__init__(period)
        self._state = _AtrState(ranges=true_range(period))

    @property
    def warm_up(self) -> int:
        """The ranges of the first mean, and the bar before them."""
        return self._state.ranges.average.size + 1

    def update(self, bar: Bar) -> float | None:
        """Take the true range."""
        state = self._state
        state.value = state.ranges.push(bar)
        return state.value


class Trend(msgspec.Struct, frozen=True, gc=False):
    """Supertrend's line in paise, below the price in an upward trend (`direction` 1), else above it (-1)."""

    line: float
    direction: float


class _SupertrendState(State[Trend], kw_only=True):
    ranges: TrueRange
    upper: float = 0.0
    lower: float = 0.0
    close: int = 0
    """Of the bar before."""


class Supertrend(Indicator[Trend]):
    """A band that only moves towards the price, until the close breaks through it and the other one takes over."""

    about = About(
        name="supertrend",
        title="Supertrend",
        parameters=(period(10), Parameter(name="multiplier", default=3.0, least=0.01, most=100)),
        outputs=(Output("line", Unit.PRICE), Output("direction", Unit.SIGN)),
        warm_up="period + 1",
        formula=(
            "(high + low) / 2 ± multiplier * ATR(period); the upper band rises only after a close above it, the lower "
            "falls only after a close below it; the direction turns up on a close above the upper band, down on one "
            "below the lower, and begins downward"
        ),
        source="TradingView ta.supertrend; talipp SuperTrend",
    )
    _state: _SupertrendState

    def __init__(self, period: int = 10, multiplier: float = 3.0) -> None:
        super().__init__(period, multiplier)
        self._multiplier = multiplier
        self._state = _SupertrendState(ranges=true_range(period))

    @property
    def warm_up(self) -> int:
        """That of the range."""
        return self._state.ranges.average.size + 1

    def update(self, bar: Bar) -> Trend | None:
        """Take the bar."""
        state = self._state
        average = state.ranges.push(bar)
        if average is None:
            return None
        middle, width = (bar.high_paise + bar.low_paise) / 2, self._multiplier * average
        upper, lower, direction = middle + width, middle - width, DOWN
        if state.value is not None:
            if upper > state.upper >= state.close:
                upper = state.upper
            if lower < state.lower <= state.close:
                lower = state.lower
            direction = _direction(bar.close_paise, upper, lower, state.value.direction)
        state.upper, state.lower, state.close = upper, lower, bar.close_paise
        state.value = Trend(lower if direction == UP else upper, direction)
        return state.value


def _direction(close: int, upper: float, lower: float, before: float) -> float:
    if before == UP:
        return DOWN if close < lower else UP
    return UP if close > upper else DOWN
