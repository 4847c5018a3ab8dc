"""How far the indicators are from TA-Lib and talipp on real bars, as a table; the tests hold them to it.

Prices are given to both in whole paise: rupees as binary fractions break ties of +DI and -DI by rounding errors.
Usage: `indicator_agreement.py BARS.csv...`; all must be bars of one instrument each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
import talib
from talipp.indicators import VWAP, KeltnerChannels, SuperTrend
from talipp.indicators.SuperTrend import Trend
from talipp.ohlcv import OHLCV

from alpha_panda.cli.bar_file import read_bars
from alpha_panda.domain.calendar import trading_date
from alpha_panda.domain.indicators.about import Unit
from alpha_panda.domain.indicators.indicator import outputs
from alpha_panda.domain.indicators.registry import indicator
from alpha_panda.events.market import Bar

FORGOTTEN = 400
"""Bars after which the averages here keep less than 1e-12 of how they began; talipp begins with another range."""

Line = Sequence[float]


class Prices:
    """Bars as the columns that TA-Lib takes and the records that talipp takes."""

    def __init__(self, bars: Sequence[Bar]) -> None:
        self.bars = bars
        self.high = np.array([bar.high_paise for bar in bars], float)
        self.low = np.array([bar.low_paise for bar in bars], float)
        self.close = np.array([bar.close_paise for bar in bars], float)
        self.volume = np.array([bar.volume for bar in bars], float)

    @property
    def range(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """High, low, close."""
        return self.high, self.low, self.close


class Oracle(NamedTuple):
    """Another implementation of an indicator with some parameters: for each output its values, NaN where it has none.

    `start` is the bar from which on to compare.
    """

    name: str
    lines: Callable[..., Iterable[Line]]
    start: int = 0


def _donchian(prices: Prices, period: int) -> Iterable[Line]:
    high, low = talib.MAX(prices.high, period), talib.MIN(prices.low, period)
    return high, (high + low) / 2, low


def _di(prices: Prices, period: int) -> tuple[Line, Line]:
    return talib.PLUS_DI(*prices.range, period), talib.MINUS_DI(*prices.range, period)


def _adx(prices: Prices, period: int) -> Iterable[Line]:
    adx = talib.ADX(*prices.range, period)
    # TA-Lib has the sides earlier; here they are `di`, and a value is defined whole.
    return adx, *(np.where(np.isnan(adx), np.nan, side) for side in _di(prices, period))


def _keltner(prices: Prices, period: int, multiplier: float, atr_period: int) -> Iterable[Line]:
    middle, width = talib.EMA(prices.close, period), multiplier * talib.ATR(*prices.range, atr_period)
    # Where only the middle is defined, the band is not.
    middle = np.where(np.isnan(width), np.nan, middle)
    return middle + width, middle, middle - width


def _records(bars: Iterable[Bar]) -> list[OHLCV]:
    return [OHLCV(bar.open_paise, bar.high_paise, bar.low_paise, bar.close_paise, bar.volume) for bar in bars]


def _talipp_keltner(prices: Prices, period: int, multiplier: float, atr_period: int) -> Iterable[Line]:
    found = KeltnerChannels(period, atr_period, multiplier, multiplier, input_values=_records(prices.bars))
    return zip(*((np.nan,) * 3 if each is None else (each.ub, each.cb, each.lb) for each in found), strict=True)


def _talipp_supertrend(prices: Prices, period: int, multiplier: float) -> Iterable[Line]:
    found = SuperTrend(period, multiplier, input_values=_records(prices.bars))
    signs = {Trend.UP: 1, Trend.DOWN: -1}
    return zip(*((np.nan,) * 2 if each is None else (each.value, signs[each.trend]) for each in found), strict=True)


def _talipp_vwap(prices: Prices) -> Iterable[Line]:
    sessions = groupby(prices.bars, key=lambda bar: trading_date(bar.start))
    return ([value for _, bars in sessions for value in VWAP(input_values=_records(bars))],)


ORACLES: dict[str, tuple[Oracle, ...]] = {
    "sma": (Oracle("TA-Lib", lambda each, period: [talib.SMA(each.close, period)]),),
    "ema": (Oracle("TA-Lib", lambda each, period: [talib.EMA(each.close, period)]),),
    "macd": (Oracle("TA-Lib", lambda each, fast, slow, signal: talib.MACD(each.close, fast, slow, signal)),),
    "roc": (Oracle("TA-Lib", lambda each, period: [talib.ROC(each.close, period)]),),
    "rsi": (Oracle("TA-Lib", lambda each, period: [talib.RSI(each.close, period)]),),
    "stochastic": (
        Oracle("TA-Lib", lambda each, period, slowing, d: talib.STOCH(*each.range, period, slowing, 0, d, 0)),
    ),
    "bollinger": (Oracle("TA-Lib", lambda each, period, width: talib.BBANDS(each.close, period, width, width)),),
    "donchian": (Oracle("TA-Lib", _donchian),),
    "keltner": (Oracle("TA-Lib EMA, ATR", _keltner), Oracle("talipp", _talipp_keltner, FORGOTTEN)),
    "atr": (Oracle("TA-Lib", lambda each, period: [talib.ATR(*each.range, period)]),),
    "supertrend": (Oracle("talipp", _talipp_supertrend, FORGOTTEN),),
    "di": (Oracle("TA-Lib", _di),),
    "adx": (Oracle("TA-Lib", _adx),),
    "vwap": (Oracle("talipp, by session", _talipp_vwap),),
    "obv": (Oracle("TA-Lib", lambda each: [talib.OBV(each.close, each.volume)]),),
    "volume_ratio": (Oracle("TA-Lib", lambda each, period: [each.volume / talib.SMA(each.volume, period)]),),
}
"""By the indicator's name; each takes prices and the indicator's parameters."""


class Agreement(NamedTuple):
    """One output beside an oracle's: where each is first defined, and the largest difference in parts of the value.

    A price's difference counts in parts of the close at least, since a distance may be zero.
    """

    output: str
    oracle: str
    first: int
    oracle_first: int
    compared: int
    worst: float


def agreements(text: str, oracle: Oracle, prices: Prices) -> list[Agreement]:
    """Each output of one indicator beside one oracle."""
    made = indicator(text)
    about = made.about
    rows = [outputs(made.update(bar), len(about.outputs)) for bar in prices.bars]
    ours = [np.array([np.nan if each is None else each for each in line], float) for line in zip(*rows, strict=True)]
    found = []
    for output, own, other in zip(about.outputs, ours, oracle.lines(prices, *made.parameters), strict=True):
        theirs = np.array(other, float)
        least = prices.close if output.unit is Unit.PRICE else np.full(len(own), 1e-3)
        parts = (np.abs(own - theirs) / np.maximum(np.abs(theirs), least))[max(oracle.start, made.warm_up - 1) :]
        name = f"{made.label} {output.name}"
        found.append(Agreement(name, oracle.name, _first(own), _first(theirs), len(parts), float(np.max(parts))))
    return found


def _first(line: np.ndarray) -> int:
    return int(np.argmin(np.isnan(line)))


def main(paths: Sequence[str]) -> int:
    """Print the table."""
    if not paths:
        print(__doc__, file=sys.stderr)
        return 2
    series = [Prices(read_bars(Path(path)).bars) for path in paths]
    print(f"{'output':<32}{'oracle':<20}{'first':>6}{'theirs':>8}{'compared':>10}{'worst':>10}")
    for text, oracle in ((name, oracle) for name, oracles in ORACLES.items() for oracle in oracles):
        for rows in zip(*(agreements(text, oracle, prices) for prices in series), strict=True):
            compared, worst = sum(row.compared for row in rows), max(row.worst for row in rows)
            print(
                f"{rows[0].output:<32}{rows[0].oracle:<20}{rows[0].first:>6}{rows[0].oracle_first:>8}"
                f"{compared:>10}{worst:>10.1e}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
