"""What prices and volumes look like in figures: indicators that take closed bars one at a time.

Bars come from whoever reads them (a strategy, the vote, `panda indicators`); values go back to it. Nothing
here knows where bars are from or what a value is good for, and nothing here is money: prices go in as whole
paise and come out as floats in paise, which are opinions.

Every indicator works the same way, whatever it measures (`indicator.Indicator`), and says about itself what it takes,
gives and is defined by (`about.About`); `registry` has them all by name. Each does constant work for a bar
and keeps constant memory, whatever the history, and does not drift: sums over a window are sums of whole
numbers, which are exact, and all else forgets its rounding errors as it forgets old bars.
"""

from alpha_panda.domain.indicators.bands import Bands, Bollinger, Donchian, Keltner
from alpha_panda.domain.indicators.indicator import Indicator
from alpha_panda.domain.indicators.momentum import Macd, MacdLines, RateOfChange, Rsi
from alpha_panda.domain.indicators.moving import Ema, Sma
from alpha_panda.domain.indicators.registry import INDICATORS, indicator, indicator_class
from alpha_panda.domain.indicators.stochastic import Stochastic, StochasticLines
from alpha_panda.domain.indicators.trend import Adx, AdxLines, DirectionalIndex, DirectionLines
from alpha_panda.domain.indicators.volatility import Atr, Supertrend, Trend
from alpha_panda.domain.indicators.volume import Obv, VolumeRatio, Vwap

__all__ = [
    "INDICATORS",
    "Adx",
    "AdxLines",
    "Atr",
    "Bands",
    "Bollinger",
    "DirectionLines",
    "DirectionalIndex",
    "Donchian",
    "Ema",
    "Indicator",
    "Keltner",
    "Macd",
    "MacdLines",
    "Obv",
    "RateOfChange",
    "Rsi",
    "Sma",
    "Stochastic",
    "StochasticLines",
    "Supertrend",
    "Trend",
    "VolumeRatio",
    "Vwap",
    "indicator",
    "indicator_class",
]
