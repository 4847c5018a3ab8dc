"""Which way highs and lows move, and how one-sided that is."""

from __future__ import annotations

import msgspec

from alpha_panda.domain.indicators.about import About, Output, Unit, period
from alpha_panda.domain.indicators.averages import NOTHING
from alpha_panda.domain.indicators.indicator import Indicator, State
from alpha_panda.events.market import Bar


class DirectionLines(msgspec.Struct, frozen=True, gc=False):
    """The shares of upward and of downward movement in the true range, 0 to 100."""

    plus: float
    minus: float


class _Movement(msgspec.Struct):
    """Sums of movement up, movement down and true range that lose 1 / `size` of themselves with each bar.

    They begin as plain sums of the first `size` - 1 bars, and are in one place because they go in step.
    """

    size: int
    seen: int = 0
    plus: float = 0.0
    minus: float = 0.0
    whole: float = 0.0
    high: int = 0
    low: int = 0
    close: int = 0
    """Of the bar before."""

    def push(self, bar: Bar) -> DirectionLines | None:
        """Take the next bar; return what the sums say, None while there are less moves than their size."""
        high, low, close = bar.high_paise, bar.low_paise, self.close
        up, down = high - self.high, self.low - low
        self.high, self.low, self.close = high, low, bar.close_paise
        self.seen += 1
        if self.seen == 1:
            return None
        is_defined = self.seen > self.size
        kept = 1 - 1 / self.size if is_defined else 1
        self.plus = plus = self.plus * kept + (up if up > down and up > 0 else 0)
        self.minus = minus = self.minus * kept + (down if down > up and down > 0 else 0)
        reach = (high if high > close else close) - (low if low < close else close)  # noqa: FURB136 — calls cost more
        self.whole = whole = self.whole * kept + reach
        if not is_defined:
            return None
        if whole <= NOTHING * self.close:
            return DirectionLines(0.0, 0.0)
        return DirectionLines(min(100 * (plus / whole), 100.0), min(100 * (minus / whole), 100.0))


class _DirectionState(State[DirectionLines], kw_only=True):
    movement: _Movement


class DirectionalIndex(Indicator[DirectionLines]):
    """+DI and -DI: ADX without its average, and so defined earlier."""

    about = About(
        name="di",
        title="Directional indicators",
        parameters=(period(14, least=2),),
        outputs=(Output("plus", Unit.PERCENT), Output("minus", Unit.PERCENT)),
        warm_up="period + 1",
        formula=(
            "100 * movement up (or down) / true range, as sums that lose 1 / period of themselves with each bar; the "
            "movement is that of the high (or low) beyond the bar before, of the larger side only"
        ),
        source="Wilder's, as TA-Lib PLUS_DI and MINUS_DI",
    )
    _state: _DirectionState

    def __init__(self, period: int = 14) -> None:
        super().__init__(period)
        self._state = _DirectionState(movement=_Movement(period))

    @property
    def warm_up(self) -> int:
        """The moves of the first sums, and the bar before them."""
        return self._state.movement.size + 1

    def update(self, bar: Bar) -> DirectionLines | None:
        """Take the bar."""
        state = self._state
        state.value = state.movement.push(bar)
        return state.value


class AdxLines(msgspec.Struct, frozen=True, gc=False):
    """How one-sided the movement is, and its sides; 0 to 100."""

    adx: float
    plus: float
    minus: float


class _AdxState(State[AdxLines], kw_only=True):
    movement: _Movement
    seen: int = 0
    total: float = 0.0
    """Of the first `period` indices, whose mean is the first ADX."""


class Adx(Indicator[AdxLines]):
    """The average directional index with +DI and -DI; it stays as it is while nothing moves."""

    about = About(
        name="adx",
        title="Average directional index",
        parameters=(period(14, least=2),),
        outputs=(Output("adx", Unit.PERCENT), Output("plus", Unit.PERCENT), Output("minus", Unit.PERCENT)),
        warm_up="2 * period",
        formula=(
            "average with alpha 1 / period of 100 * |plus - minus| / (plus + minus), seeded by the mean of the first "
            "`period`; plus and minus as in `di`"
        ),
        source="Wilder's, as TA-Lib ADX",
    )
    _state: _AdxState

    def __init__(self, period: int = 14) -> None:
        super().__init__(period)
        self._state = _AdxState(movement=_Movement(period))

    @property
    def warm_up(self) -> int:
        """The first sums, then as many indices as the first mean takes."""
        return 2 * self._state.movement.size

    def update(self, bar: Bar) -> AdxLines | None:
        """Take the bar."""
        state = self._state
        lines = state.movement.push(bar)
        if lines is None:
            return None
        size, value = state.movement.size, state.value
        both = lines.plus + lines.minus
        if value is not None:
            average = value.adx
            if both:
                average += (100 * (abs(lines.plus - lines.minus) / both) - average) / size
            state.value = AdxLines(average, lines.plus, lines.minus)
            return state.value
        state.seen += 1
        if both:
            state.total += 100 * (abs(lines.plus - lines.minus) / both)
        if state.seen == size:
            state.value = AdxLines(state.total / size, lines.plus, lines.minus)
        return state.value
