"""What was traded, and at what prices."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from alpha_panda.domain.calendar import IST
from alpha_panda.domain.indicators.about import About, Output, Unit, period
from alpha_panda.domain.indicators.indicator import Indicator, State
from alpha_panda.domain.indicators.windows import Window, window
from alpha_panda.events.market import Bar


class _VwapState(State[float], kw_only=True):
    turnover: int = 0
    """Of the session: (high + low + close) * volume, three times what is meant, so that it stays whole."""
    volume: int = 0
    until: datetime | None = None
    """When the session's day ends in India."""


class Vwap(Indicator[float]):
    """The average price of the session's trades so far; None until there was one."""

    about = About(
        name="vwap",
        title="Volume-weighted average price of the session",
        outputs=(Output("vwap", Unit.PRICE),),
        warm_up="1",
        formula=(
            "sum of (high + low + close) / 3 * volume over the sum of volume, both since the session began (a date in "
            "India); empty before its first trade"
        ),
        source="StockCharts ChartSchool, VWAP; talipp VWAP of each session",
    )
    _state: _VwapState

    def __init__(self) -> None:
        super().__init__()
        self._state = _VwapState()

    @property
    def warm_up(self) -> int:
        """One bar, if anything was traded in it."""
        return 1

    def update(self, bar: Bar) -> float | None:
        """Take the typical price and the volume."""
        state = self._state
        if state.until is None or bar.start >= state.until:
            state.turnover, state.volume, state.value = 0, 0, None
            state.until = _end_of_day(bar.start)
        volume = bar.volume
        if volume:
            state.turnover += (bar.high_paise + bar.low_paise + bar.close_paise) * volume
            state.volume += volume
            state.value = state.turnover / (3 * state.volume)
        return state.value


def _end_of_day(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(IST).date() + timedelta(days=1), time(), IST).astimezone(UTC)


class _ObvState(State[int], kw_only=True):
    close: int | None = None


class Obv(Indicator[int]):
    """On-balance volume: what was traded in rising bars less what was traded in falling ones.

    Its level depends on where the series begins; only its moves say something.
    """

    about = About(
        name="obv",
        title="On-balance volume",
        outputs=(Output("obv", Unit.SHARES),),
        warm_up="1",
        formula="obv + volume where the close rose, - volume where it fell; the first is the first bar's volume",
        source="TA-Lib OBV",
    )
    _state: _ObvState

    def __init__(self) -> None:
        super().__init__()
        self._state = _ObvState()

    @property
    def warm_up(self) -> int:
        """One bar."""
        return 1

    def update(self, bar: Bar) -> int | None:
        """Take the volume by the close's side."""
        state, close = self._state, bar.close_paise
        before, state.close = state.close, close
        if before is None or state.value is None:
            state.value = bar.volume
        elif close > before:
            state.value += bar.volume
        elif close < before:
            state.value -= bar.volume
        return state.value


class _RatioState(State[float], kw_only=True):
    volumes: Window


class VolumeRatio(Indicator[float]):
    """The bar's volume over the mean of the last bars', its own among them; 0 where nothing was traded."""

    about = About(
        name="volume_ratio",
        title="Volume ratio",
        parameters=(period(20),),
        outputs=(Output("volume_ratio", Unit.RATIO),),
        warm_up="period",
        formula="volume / SMA(period) of the volume; 0 where that is 0",
        source="volume / TA-Lib SMA of the volume",
    )
    _state: _RatioState

    def __init__(self, period: int = 20) -> None:
        super().__init__(period)
        self._state = _RatioState(volumes=window(period))

    @property
    def warm_up(self) -> int:
        """The window."""
        return self._state.volumes.size

    def update(self, bar: Bar) -> float | None:
        """Take the volume."""
        state = self._state
        volumes = state.volumes
        volumes.push(bar.volume)
        if not volumes.missing:
            state.value = bar.volume * volumes.size / volumes.total if volumes.total else 0.0
        return state.value
