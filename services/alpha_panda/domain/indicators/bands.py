"""Bands around the price: by deviation, by extremes, by range."""

from __future__ import annotations

import math

import msgspec

from alpha_panda.domain.indicators.about import About, Output, Parameter, Unit, period
from alpha_panda.domain.indicators.averages import Exponential, exponential
from alpha_panda.domain.indicators.indicator import Indicator, State
from alpha_panda.domain.indicators.volatility import TrueRange, true_range
from alpha_panda.domain.indicators.windows import Highest, Window, window
from alpha_panda.events.market import Bar

_OUTPUTS = (Output("upper", Unit.PRICE), Output("middle", Unit.PRICE), Output("lower", Unit.PRICE))


class Bands(msgspec.Struct, frozen=True, gc=False):
    """Two bands and the line between them, in paise."""

    upper: float
    middle: float
    lower: float


class _BollingerState(State[Bands], kw_only=True):
    closes: Window
    squares: int = 0


class Bollinger(Indicator[Bands]):
    """The mean of the closes, and so many of their standard deviations on either side.

    Sum and sum of squares are whole numbers, so the variance is exact: it cannot be negative, and it is
    zero where the closes are equal.
    """

    about = About(
        name="bollinger",
        title="Bollinger bands",
        parameters=(period(20, least=2), Parameter(name="deviations", default=2.0, least=0.01, most=100)),
        outputs=_OUTPUTS,
        warm_up="period",
        formula="middle = SMA(period); upper, lower = middle ± deviations * population deviation of the closes",
        source="TA-Lib BBANDS",
    )
    _state: _BollingerState

    def __init__(self, period: int = 20, deviations: float = 2.0) -> None:
        super().__init__(period, deviations)
        self._deviations = deviations
        self._state = _BollingerState(closes=window(period))

    @property
    def warm_up(self) -> int:
        """The window."""
        return self._state.closes.size

    def update(self, bar: Bar) -> Bands | None:
        """Take the close."""
        state, close = self._state, bar.close_paise
        closes = state.closes
        dropped = closes.push(close)
        state.squares += close * close - dropped * dropped
        if closes.missing:
            return None
        size, total = closes.size, closes.total
        middle = total / size
        width = self._deviations * math.sqrt(size * state.squares - total * total) / size
        state.value = Bands(middle + width, middle, middle - width)
        return state.value


class _DonchianState(State[Bands], kw_only=True):
    high: Highest
    low: Highest


class Donchian(Indicator[Bands]):
    """The highest high and the lowest low of the last bars, this one among them."""

    about = About(
        name="donchian",
        title="Donchian channel",
        parameters=(period(20),),
        outputs=_OUTPUTS,
        warm_up="period",
        formula="upper = highest high, lower = lowest low of the last `period` bars; middle = their mean",
        source="TA-Lib MAX of the highs, MIN of the lows",
    )
    _state: _DonchianState

    def __init__(self, period: int = 20) -> None:
        super().__init__(period)
        self._state = _DonchianState(high=Highest(period), low=Highest(period))

    @property
    def warm_up(self) -> int:
        """The window."""
        return self._state.high.size

    def update(self, bar: Bar) -> Bands | None:
        """Take the range."""
        state = self._state
        high, low = state.high.push(bar.high_paise), -state.low.push(-bar.low_paise)
        if state.high.is_full:
            state.value = Bands(float(high), (high + low) / 2, float(low))
        return state.value


class _KeltnerState(State[Bands], kw_only=True):
    middle: Exponential
    ranges: TrueRange


class Keltner(Indicator[Bands]):
    """An exponential average of the closes, and so many average true ranges on either side."""

    about = About(
        name="keltner",
        title="Keltner channel",
        parameters=(
            period(20),
            Parameter(name="multiplier", default=2.0, least=0.01, most=100),
            period(10, name="atr_period"),
        ),
        outputs=_OUTPUTS,
        warm_up="max(period, atr_period + 1)",
        formula="middle = EMA(period); upper, lower = middle ± multiplier * ATR(atr_period)",
        source="StockCharts ChartSchool, Keltner Channels; talipp KeltnerChannels",
    )
    _state: _KeltnerState

    def __init__(self, period: int = 20, multiplier: float = 2.0, atr_period: int = 10) -> None:
        super().__init__(period, multiplier, atr_period)
        self._multiplier = multiplier
        self._state = _KeltnerState(middle=exponential(period), ranges=true_range(atr_period))

    @property
    def warm_up(self) -> int:
        """What takes longer, the average or the range."""
        return max(self._state.middle.size, self._state.ranges.average.size + 1)

    def update(self, bar: Bar) -> Bands | None:
        """Take the close and the true range."""
        state = self._state
        middle, average = state.middle.push(bar.close_paise), state.ranges.push(bar)
        if middle is not None and average is not None:
            width = self._multiplier * average
            state.value = Bands(middle + width, middle, middle - width)
        return state.value
