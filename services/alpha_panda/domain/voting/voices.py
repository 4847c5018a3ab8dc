"""What an indicator's value speaks for: how a figure becomes a lean towards BUY or SELL. Pure.

Every voice is symmetric: the mirrored market gives the opposite lean. Strengths are in thousandths, as whole
numbers, so that what a rounding error could tip is decided here once.

An oscillator can be read in two ways. Far out in a market that goes back and forth, it says that the price
went too far (`REVERSION`: low is BUY); in a market with a trend, that the trend is strong (`TREND`: high is
BUY). `REGIME` reads it by the ADX of the same timeframe: as a trend from 25 on, else as reversion.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from alpha_panda.domain.indicators import AdxLines, Bands, MacdLines, StochasticLines

FULL: Final = 1000
"""The strength of a vote without doubt."""
HALF: Final = FULL // 2
FAINT: Final = FULL // 4
"""A lean below this is none: around its middle an oscillator says nothing."""
TREND_ADX: Final = 25.0
"""Where a market counts as one with a trend."""
_WEAK_ADX: Final = 20.0
_STRONG_ADX: Final = 40.0
_NOISE: Final = 1e-6
"""Paise: a difference of averages below this is a rounding error."""
_MIDDLE: Final = 50.0


class Reading(StrEnum):
    """How oscillators (RSI, Bollinger, Stochastic) are read."""

    TREND = "trend"
    REVERSION = "reversion"
    REGIME = "regime"


def _both(words: str) -> dict[Reading, str]:
    return {Reading.TREND: f"{words}, with the trend", Reading.REVERSION: f"{words}, against the extreme"}


_RSI: Final = _both("RSI {:.1f}")
_BOLLINGER: Final = _both("close {:.2f} at {:+.2f} of the bands")
_STOCHASTIC: Final = _both("%K {:.1f}, %D {:.1f}")


class Voice(NamedTuple):
    """A lean of -1000 (SELL without doubt) to 1000 (BUY), 0 for neither, and what was seen.

    Words are put together when somebody asks: a vote is counted on each bar and explained on few.
    """

    lean: int
    words: str
    figures: tuple[float, ...] = ()

    @property
    def says(self) -> str:
        """What was seen, in words and figures."""
        return self.words.format(*self.figures)


def reading_of(reading: Reading, adx: AdxLines | None) -> Reading:
    """The reading that applies; a market whose ADX is not defined yet counts as one without a trend."""
    if reading is not Reading.REGIME:
        return reading
    return Reading.TREND if adx is not None and adx.adx >= TREND_ADX else Reading.REVERSION


def rsi(value: float, reading: Reading) -> Voice:
    """Trend: full 20 away from 50. Reversion: half at 30 and 70, full at 20 and 80."""
    lean = _oscillator(value - _MIDDLE, reading, along=20, begins=20, ends=30)
    return Voice(lean, _RSI[reading], (value,))


def bollinger(bands: Bands, close: int, reading: Reading) -> Voice:
    """The close in half widths from the middle. Trend: full at a band. Reversion: half at a band, full at 1.5."""
    width = bands.upper - bands.middle
    if width <= _NOISE:
        return Voice(0, "bands without width")
    place = (close - bands.middle) / width
    lean = _oscillator(place, reading, along=1, begins=1, ends=1.5)
    return Voice(lean, _BOLLINGER[reading], (close / 100, place))


def stochastic(lines: StochasticLines, reading: Reading) -> Voice:
    """Trend: full 30 away from 50. Reversion: half at 20 and 80, full at 0 and 100."""
    lean = _oscillator(lines.k - _MIDDLE, reading, along=30, begins=30, ends=50)
    return Voice(lean, _STOCHASTIC[reading], (lines.k, lines.d))


def macd(lines: MacdLines) -> Voice:
    """The histogram's side: full where the line is on the same side of zero, else half."""
    words, figures = "histogram {:+.2f}, line {:+.2f}", (lines.histogram / 100, lines.line / 100)
    if abs(lines.histogram) <= _NOISE:
        return Voice(0, words, figures)
    strength = FULL if lines.line * lines.histogram > 0 else HALF
    return Voice(strength if lines.histogram > 0 else -strength, words, figures)


def adx(lines: AdxLines) -> Voice:
    """The larger of +DI and -DI: nothing below an ADX of 20, half there, full at 40."""
    words, figures = "ADX {:.1f}, +DI {:.1f}, -DI {:.1f}", (lines.adx, lines.plus, lines.minus)
    if lines.adx < _WEAK_ADX or lines.plus == lines.minus:
        return Voice(0, words, figures)
    strength = min(_thousandths(lines.adx / _STRONG_ADX), FULL)
    return Voice(strength if lines.plus > lines.minus else -strength, words, figures)


def atr(value: float, usual: float, others: int) -> Voice:
    """The side of the others: full while the range is the usual or less, nothing where it is twice that.

    `others` is the sum of their weighted leans. A market that does not move at all backs nobody.
    """
    if usual <= _NOISE:
        return Voice(0, "ATR 0.00: nothing moves")
    ratio = value / usual
    strength = max(0, min(FULL, _thousandths(2 - ratio)))
    side = (others > 0) - (others < 0)
    return Voice(side * strength, "ATR {:.2f}, {:.2f} of its average", (value / 100, ratio))


def _oscillator(away: float, reading: Reading, *, along: float, begins: float, ends: float) -> int:
    """The lean of a value so far from its middle: with it up to `along`, or against it between two distances."""
    distance = abs(away)
    if reading is Reading.TREND:
        strength = min(_thousandths(distance / along), FULL)
        side = 1
    else:
        strength = HALF + min(_thousandths((distance - begins) / (ends - begins) / 2), HALF)
        strength = strength if strength >= HALF else 0
        side = -1
    if strength < FAINT:
        return 0
    return side * strength if away > 0 else -side * strength


def _thousandths(share: float) -> int:
    return round(share * FULL)
