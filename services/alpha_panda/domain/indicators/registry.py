"""All indicators by name: the one list from which they are made, listed and documented."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Final

from alpha_panda.domain.indicators.about import REMEDY, IndicatorError
from alpha_panda.domain.indicators.bands import Bollinger, Donchian, Keltner
from alpha_panda.domain.indicators.indicator import Indicator
from alpha_panda.domain.indicators.momentum import Macd, RateOfChange, Rsi
from alpha_panda.domain.indicators.moving import Ema, Sma
from alpha_panda.domain.indicators.stochastic import Stochastic
from alpha_panda.domain.indicators.trend import Adx, DirectionalIndex
from alpha_panda.domain.indicators.volatility import Atr, Supertrend
from alpha_panda.domain.indicators.volume import Obv, VolumeRatio, Vwap

AnyIndicator = Indicator[Any]

INDICATORS: Final[dict[str, type[AnyIndicator]]] = {
    each.about.name: each
    for each in (
        Sma,
        Ema,
        Macd,
        RateOfChange,
        Rsi,
        Stochastic,
        Bollinger,
        Donchian,
        Keltner,
        Atr,
        Supertrend,
        DirectionalIndex,
        Adx,
        Vwap,
        Obv,
        VolumeRatio,
    )
}
"""By name, in the order in which they are listed."""


def indicator_class(name: str) -> type[AnyIndicator]:
    """The class of that name.

    Raises:
        IndicatorError: there is none.
    """
    found = INDICATORS.get(name.strip().lower())
    if found is not None:
        return found
    near = get_close_matches(name.strip().lower(), INDICATORS, n=1)
    meant = f"did you mean {near[0]}?" if near else f"known: {', '.join(INDICATORS)}"
    raise IndicatorError(f"{name or 'an empty name'} is no indicator; {meant}", remedy=REMEDY)


def indicator(text: str) -> AnyIndicator:
    """The indicator that a text such as `rsi:14`, `macd:12,26,9` or `vwap` asks for.

    Raises:
        IndicatorError: there is none of that name, or none with such parameters.
    """
    name, _, parameters = text.partition(":")
    found = indicator_class(name)
    numbers: tuple[Any, ...] = found.about.parsed(parameters)
    return found(*numbers)
