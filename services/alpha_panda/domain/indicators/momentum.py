"""How far and how steadily the close has moved."""

from __future__ import annotations

import msgspec

from alpha_panda.domain.indicators.about import REMEDY, About, IndicatorError, Output, Unit, period
from alpha_panda.domain.indicators.averages import NOTHING, Exponential, exponential, smoothed
from alpha_panda.domain.indicators.indicator import Indicator, State
from alpha_panda.domain.indicators.windows import Window, window
from alpha_panda.events.market import Bar

_NEUTRAL = 50.0


class _RateState(State[float], kw_only=True):
    closes: Window


class RateOfChange(Indicator[float]):
    """The change against the close `period` bars ago, in percent of that."""

    about = About(
        name="roc",
        title="Rate of change",
        parameters=(period(10),),
        outputs=(Output("roc", Unit.PERCENT),),
        warm_up="period + 1",
        formula="100 * (close / close `period` bars ago - 1)",
        source="TA-Lib ROC",
    )
    _state: _RateState

    def __init__(self, period: int = 10) -> None:
        super().__init__(period)
        self._state = _RateState(closes=window(period))

    @property
    def warm_up(self) -> int:
        """The closes between, and the one that is compared with the first."""
        return self._state.closes.size + 1

    def update(self, bar: Bar) -> float | None:
        """Take the close."""
        state, close = self._state, bar.close_paise
        before = state.closes.push(close)
        # Nothing costs 0, so that a 0 is a close that is missing yet.
        if before:
            state.value = (close / before - 1) * 100
        return state.value


class _RsiState(State[float], kw_only=True):
    gains: Exponential
    losses: Exponential
    before: int | None = None


class Rsi(Indicator[float]):
    """The share of gains in all moves of the close; 50 where it has not moved at all."""

    about = About(
        name="rsi",
        title="Relative strength index",
        parameters=(period(14, least=2),),
        outputs=(Output("rsi", Unit.PERCENT),),
        warm_up="period + 1",
        formula=(
            "100 * gain / (gain + loss), each the average of the close's moves with alpha 1 / period, seeded by the "
            "mean of the first `period`; 50 without moves (TA-Lib: 0)"
        ),
        source="Wilder's, as TA-Lib RSI",
    )
    _state: _RsiState

    def __init__(self, period: int = 14) -> None:
        super().__init__(period)
        self._state = _RsiState(gains=smoothed(period), losses=smoothed(period))

    @property
    def warm_up(self) -> int:
        """The moves of the first averages, and the close before them."""
        return self._state.gains.size + 1

    def update(self, bar: Bar) -> float | None:
        """Take the close."""
        state, close = self._state, bar.close_paise
        before, state.before = state.before, close
        if before is None:
            return None
        move = close - before
        gain = state.gains.push(move if move > 0 else 0)  # noqa: FURB136 — a call costs more
        loss = state.losses.push(-move if move < 0 else 0)
        if gain is None or loss is None:
            return None
        moves = gain + loss
        state.value = 100 * (gain / moves) if moves > NOTHING * close else _NEUTRAL
        return state.value


class MacdLines(msgspec.Struct, frozen=True, gc=False):
    """The three lines of MACD, in paise."""

    line: float
    signal: float
    histogram: float


class _MacdState(State[MacdLines], kw_only=True):
    fast: Exponential
    slow: Exponential
    signal: Exponential
    early: int
    """Closes that only the slow average takes yet."""


class Macd(Indicator[MacdLines]):
    """The distance of a fast average from a slow one, and that distance's own average."""

    about = About(
        name="macd",
        title="Moving average convergence and divergence",
        parameters=(period(12, name="fast"), period(26, least=2, name="slow"), period(9, name="signal")),
        outputs=(Output("line", Unit.PRICE), Output("signal", Unit.PRICE), Output("histogram", Unit.PRICE)),
        warm_up="slow + signal - 1",
        formula=(
            "line = EMA(fast) - EMA(slow), signal = EMA of the line, histogram = line - signal; both averages are "
            "seeded on the same bar, the fast one by the `fast` closes that end there"
        ),
        source="TA-Lib MACD",
    )
    _state: _MacdState

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9) -> None:
        super().__init__(fast, slow, signal)
        if fast >= slow:
            raise IndicatorError(f"macd: fast {fast} is not less than slow {slow}", remedy=REMEDY)
        self._state = _MacdState(
            fast=exponential(fast), slow=exponential(slow), signal=exponential(signal), early=slow - fast
        )

    @property
    def warm_up(self) -> int:
        """The closes of the slow average, and the lines of the signal's first mean."""
        return self._state.slow.size + self._state.signal.size - 1

    def update(self, bar: Bar) -> MacdLines | None:
        """Take the close."""
        state, close = self._state, bar.close_paise
        slow = state.slow.push(close)
        if state.early:
            state.early -= 1
            return None
        fast = state.fast.push(close)
        if fast is None or slow is None:
            return None
        line = fast - slow
        signal = state.signal.push(line)
        if signal is not None:
            state.value = MacdLines(line, signal, line - signal)
        return state.value
