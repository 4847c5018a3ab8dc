"""Where the close lies in the range of the last bars."""

from __future__ import annotations

import msgspec

from alpha_panda.domain.indicators.about import About, Output, Unit, period
from alpha_panda.domain.indicators.indicator import Indicator, State
from alpha_panda.domain.indicators.windows import Highest, MovingMean
from alpha_panda.events.market import Bar

_NEUTRAL = 50.0


class StochasticLines(msgspec.Struct, frozen=True, gc=False):
    """The line and its average, both 0 to 100."""

    k: float
    d: float


class _StochasticState(State[StochasticLines], kw_only=True):
    high: Highest
    low: Highest
    k: MovingMean
    d: MovingMean


class Stochastic(Indicator[StochasticLines]):
    """The slow stochastic; a range of no height counts as 50."""

    about = About(
        name="stochastic",
        title="Slow stochastic",
        parameters=(period(14), period(3, name="slowing"), period(3, name="d_period")),
        outputs=(Output("k", Unit.PERCENT), Output("d", Unit.PERCENT)),
        warm_up="period + slowing + d_period - 2",
        formula=(
            "k = SMA(slowing) of 100 * (close - lowest low) / (highest high - lowest low) over `period` bars, "
            "50 where these are equal (TA-Lib: 0); d = SMA(d_period) of k"
        ),
        source="TA-Lib STOCH",
    )
    _state: _StochasticState

    def __init__(self, period: int = 14, slowing: int = 3, d_period: int = 3) -> None:
        super().__init__(period, slowing, d_period)
        self._state = _StochasticState(
            high=Highest(period), low=Highest(period), k=MovingMean(slowing), d=MovingMean(d_period)
        )

    @property
    def warm_up(self) -> int:
        """The first range, and what the two averages need beside its bar."""
        return self._state.high.size + self._state.k.size + self._state.d.size - 2

    def update(self, bar: Bar) -> StochasticLines | None:
        """Take the range and the close."""
        state = self._state
        high, low = state.high.push(bar.high_paise), -state.low.push(-bar.low_paise)
        if not state.high.is_full:
            return None
        k = state.k.push(100 * ((bar.close_paise - low) / (high - low)) if high > low else _NEUTRAL)
        if k is None:
            return None
        d = state.d.push(k)
        if d is not None:
            state.value = StochasticLines(_bounded(k), _bounded(d))
        return state.value


def _bounded(percent: float) -> float:
    """Within 0 to 100, which a sum's last digit may leave."""
    return 0.0 if percent < 0 else 100.0 if percent > 100 else percent  # noqa: PLR2004 — percent
