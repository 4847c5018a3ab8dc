"""What a model is shown of a market: figures of closed bars, the same for its training and for its trading.

Bars come from a file (`panda strategy features`, which writes the table that a model is trained on) or from the
strategy `ml_model`, one at a time. Both get their figures here, from the indicators, so that a model trades on
what it has learnt from: a figure of a bar follows from that bar and those before it.

No figure has a price's unit, so that a model can be asked about instruments that it was not trained on. A name
says what its figure is for good: what is calculated in another way gets another name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from alpha_panda.domain.indicators import AdxLines, Bands, MacdLines, StochasticLines, indicator
from alpha_panda.errors import InputError
from alpha_panda.events.market import Bar


class FeatureError(InputError):
    """A feature that there is not, or that is named twice."""


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """A figure: the indicator that it is made of, and how."""

    about: str
    indicator: str
    """As `panda indicators` takes it."""
    figure: Callable[[Any, int], float]
    """Of the indicator's value and the close in paise."""


def _itself(value: float, _: int) -> float:
    return value


def _percent_of_close(value: float, close: int) -> float:
    return 100 * value / close


def _histogram(value: MacdLines, close: int) -> float:
    return 100 * value.histogram / close


def _place(value: Bands, close: int) -> float:
    half = (value.upper - value.lower) / 2
    return (close - value.middle) / half if half > 0 else 0.0


def _percent_k(value: StochasticLines, _: int) -> float:
    return value.k


def _strength(value: AdxLines, _: int) -> float:
    return value.adx


def _direction(value: AdxLines, _: int) -> float:
    return value.plus - value.minus


FEATURES: Final[Mapping[str, Feature]] = {
    "return_1": Feature(about="change of the close over 1 bar, percent", indicator="roc:1", figure=_itself),
    "return_5": Feature(about="the same over 5 bars", indicator="roc:5", figure=_itself),
    "return_20": Feature(about="the same over 20 bars", indicator="roc:20", figure=_itself),
    "rsi_14": Feature(about="RSI", indicator="rsi:14", figure=_itself),
    "macd_percent": Feature(
        about="MACD's histogram, percent of the close", indicator="macd:12,26,9", figure=_histogram
    ),
    "bollinger_place": Feature(
        about="close between the bands: -1 at the lower, 1 at the upper", indicator="bollinger:20,2", figure=_place
    ),
    "donchian_place": Feature(
        about="close between the extremes of 20 bars: -1 at the low, 1 at the high",
        indicator="donchian:20",
        figure=_place,
    ),
    "stochastic_14": Feature(about="%K of the stochastic", indicator="stochastic:14,3,3", figure=_percent_k),
    "adx_14": Feature(about="ADX", indicator="adx:14", figure=_strength),
    "direction_14": Feature(about="+DI less -DI", indicator="adx:14", figure=_direction),
    "atr_percent_14": Feature(about="ATR, percent of the close", indicator="atr:14", figure=_percent_of_close),
    "volume_ratio_20": Feature(
        about="volume in multiples of the mean of 20 bars", indicator="volume_ratio:20", figure=_itself
    ),
}
"""All features by name, in the order in which a model is given them unless it says otherwise."""


def checked_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names.

    Raises:
        FeatureError: one is unknown or given twice, or there is none.
    """
    if not names:
        raise FeatureError("no feature is named", remedy=f"name some of: {', '.join(FEATURES)}")
    for name in names:
        if name not in FEATURES:
            near = get_close_matches(name, FEATURES, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise FeatureError(f"{name}: there is no such feature{hint}", remedy=f"there are: {', '.join(FEATURES)}")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise FeatureError(f"{twice}: the feature is named twice", remedy="name each once")
    return tuple(names)


class Features:
    """The named features of one series of bars, given in their order."""

    def __init__(self, names: Sequence[str] = tuple(FEATURES)) -> None:
        """Without a bar yet. Raises as `checked_names`."""
        self.names = checked_names(names)
        self._features = [FEATURES[name] for name in self.names]
        self._indicators = {text: indicator(text) for text in dict.fromkeys(each.indicator for each in self._features)}
        self._close = 0

    @property
    def warm_up(self) -> int:
        """Bars until all are defined."""
        return max(each.warm_up for each in self._indicators.values())

    def update(self, bar: Bar) -> tuple[float, ...] | None:
        """Take the next bar; return the values after it."""
        for each in self._indicators.values():
            each.update(bar)
        self._close = bar.close_paise
        return self.values

    @property
    def values(self) -> tuple[float, ...] | None:
        """The figures after the last bar, in the order of the names; None before all are defined."""
        figures = []
        for each in self._features:
            value = self._indicators[each.indicator].value
            if value is None:
                return None
            figures.append(float(each.figure(value, self._close)))
        return tuple(figures)

    def snapshot(self) -> dict[str, Any]:
        """The whole state in JSON's values."""
        return {"close": self._close, "of": {text: each.snapshot() for text, each in self._indicators.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `snapshot` gave; what follows is the same to the last bit."""
        for text, each in self._indicators.items():
            each.restore(state["of"][text])
        self._close = state["close"]


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a training table: the figures after a bar, and what a model is to learn from them."""

    bar: Bar
    values: tuple[float, ...]
    forward_percent: float
    """Change of the close from this bar to the one `horizon` bars later, in percent: it is of the future."""


def examples(bars: Sequence[Bar], names: Sequence[str] = tuple(FEATURES), *, horizon: int = 10) -> list[Example]:
    """A line for each bar whose figures are all defined and whose future is known.

    Raises:
        FeatureError: as `checked_names`; the horizon is no bar, or there are too few bars for one line.
    """
    if horizon < 1:
        raise FeatureError(f"the horizon is {horizon} bars", remedy="look ahead 1 bar or more")
    features = Features(names)
    found = []
    for place, bar in enumerate(bars):
        values = features.update(bar)
        if values is not None and place + horizon < len(bars):
            later = bars[place + horizon].close_paise
            found.append(Example(bar=bar, values=values, forward_percent=100 * (later / bar.close_paise - 1)))
    if not found:
        needed = features.warm_up + horizon
        message = f"{len(bars)} bars are too few: the features and a horizon of {horizon} bars take {needed}"
        raise FeatureError(message, remedy="give more bars, or fewer features or a shorter horizon")
    return found
