"""Moving averages of the close."""

from __future__ import annotations

from alpha_panda.domain.indicators.about import About, Output, Unit, period
from alpha_panda.domain.indicators.averages import Exponential, exponential
from alpha_panda.domain.indicators.indicator import Indicator, State
from alpha_panda.domain.indicators.windows import Window, window
from alpha_panda.events.market import Bar


class _SmaState(State[float], kw_only=True):
    closes: Window


class Sma(Indicator[float]):
    """The mean of the last `period` closes."""

    about = About(
        name="sma",
        title="Simple moving average",
        parameters=(period(20),),
        outputs=(Output("sma", Unit.PRICE),),
        warm_up="period",
        formula="mean of the last `period` closes",
        source="TA-Lib SMA",
    )
    _state: _SmaState

    def __init__(self, period: int = 20) -> None:
        super().__init__(period)
        self._state = _SmaState(closes=window(period))

    @property
    def warm_up(self) -> int:
        """The window."""
        return self._state.closes.size

    def update(self, bar: Bar) -> float | None:
        """Take the close."""
        state = self._state
        closes = state.closes
        closes.push(bar.close_paise)
        if not closes.missing:
            state.value = closes.total / closes.size
        return state.value


class _EmaState(State[float], kw_only=True):
    average: Exponential


class Ema(Indicator[float]):
    """An average of closes in which each counts less than the next."""

    about = About(
        name="ema",
        title="Exponential moving average",
        parameters=(period(20),),
        outputs=(Output("ema", Unit.PRICE),),
        warm_up="period",
        formula="ema + 2 / (period + 1) * (close - ema); the first is the mean of the first `period` closes",
        source="TA-Lib EMA",
    )
    _state: _EmaState

    def __init__(self, period: int = 20) -> None:
        super().__init__(period)
        self._state = _EmaState(average=exponential(period))

    @property
    def warm_up(self) -> int:
        """The closes of the first mean."""
        return self._state.average.size

    def update(self, bar: Bar) -> float | None:
        """Take the close."""
        state = self._state
        state.value = state.average.push(bar.close_paise)
        return state.value
