"""The definitions of the indicators over a whole series at once, in fractions and without haste.

They share no code with the indicators; where the two differ, one of them is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import groupby, pairwise

from alpha_panda.domain.calendar import trading_date
from alpha_panda.events.market import Bar

Number = Fraction | float | int
Column = list[Number | None]
Rows = list[tuple[Number, ...] | None]


def _closes(bars: Sequence[Bar]) -> list[Number]:
    return [bar.close_paise for bar in bars]


def _windowed(numbers: Sequence[Number | None], size: int, of: Callable[[Sequence[Number]], Number]) -> Column:
    """`of` the last `size` numbers, where all of them are there."""
    windows = [numbers[max(end - size, 0) : end] for end in range(1, len(numbers) + 1)]
    return [of(each) if len(each) == size and None not in each else None for each in windows]  # type: ignore[arg-type]


def _mean(numbers: Sequence[Number]) -> Number:
    return sum(map(Fraction, numbers)) / Fraction(len(numbers))


def _recursive(numbers: Sequence[Number | None], size: int, alpha: Fraction) -> Column:
    """An exponential average, seeded by the mean of the first `size` numbers that are there."""
    found: Column = []
    seed: list[Number] = []
    value: Number | None = None
    for number in numbers:
        if number is not None and value is not None:
            value += alpha * (number - value)
        elif number is not None:
            seed.append(number)
            value = _mean(seed) if len(seed) == size else None
        found.append(value)
    return found


def _ema(numbers: Sequence[Number | None], size: int) -> Column:
    return _recursive(numbers, size, Fraction(2, size + 1))


def _both(*columns: Column) -> Rows:
    return [None if None in row else row for row in zip(*columns, strict=True)]  # type: ignore[misc]


def _less(first: Column, second: Column) -> Column:
    return [None if a is None or b is None else a - b for a, b in zip(first, second, strict=True)]


def sma(bars: Sequence[Bar], period: int) -> Rows:
    return _both(_windowed(_closes(bars), period, _mean))


def ema(bars: Sequence[Bar], period: int) -> Rows:
    return _both(_ema(_closes(bars), period))


def macd(bars: Sequence[Bar], fast: int, slow: int, signal: int) -> Rows:
    late = [None] * min(slow - fast, len(bars)) + _closes(bars)[slow - fast :]
    line = _less(_ema(late, fast), _ema(_closes(bars), slow))
    average = _ema(line, signal)
    return _both(line, average, _less(line, average))


def roc(bars: Sequence[Bar], period: int) -> Rows:
    changes = _windowed(_closes(bars), period + 1, lambda each: 100 * (Fraction(each[-1]) / each[0] - 1))
    return _both(changes)


def rsi(bars: Sequence[Bar], period: int) -> Rows:
    moves = [None] + [bar.close_paise - before.close_paise for before, bar in pairwise(bars)]
    gains, losses = (
        _recursive([None if each is None else max(sign * each, 0) for each in moves], period, Fraction(1, period))
        for sign in (1, -1)
    )
    return [
        None if row is None else (100 * row[0] / Fraction(sum(row)) if sum(row) else 50,)
        for row in _both(gains, losses)
    ]


def stochastic(bars: Sequence[Bar], period: int, slowing: int, d_period: int) -> Rows:
    def raw(window: Sequence[Bar]) -> Number:
        high, low = max(bar.high_paise for bar in window), min(bar.low_paise for bar in window)
        return 100 * Fraction(window[-1].close_paise - low, high - low) if high > low else 50

    k = _windowed(_windowed(bars, period, raw), slowing, _mean)
    return _both(k, _windowed(k, d_period, _mean))


def _around(middle: Column, width: Column) -> Rows:
    return [None if row is None else (row[0] + row[1], row[0], row[0] - row[1]) for row in _both(middle, width)]


def bollinger(bars: Sequence[Bar], period: int, deviations: float) -> Rows:
    def deviation(window: Sequence[Number]) -> float:
        mean = _mean(window)
        return deviations * math.sqrt(_mean([(each - mean) ** 2 for each in window]))

    numbers = _closes(bars)
    return _around(
        [each and float(each) for each in _windowed(numbers, period, _mean)], _windowed(numbers, period, deviation)
    )


def donchian(bars: Sequence[Bar], period: int) -> Rows:
    high = _windowed([bar.high_paise for bar in bars], period, max)
    low = _windowed([bar.low_paise for bar in bars], period, min)
    return [None if row is None else (row[0], Fraction(sum(row), 2), row[1]) for row in _both(high, low)]


def _true_ranges(bars: Sequence[Bar]) -> Column:
    found: Column = [None]
    for before, bar in pairwise(bars):
        close = before.close_paise
        found.append(max(bar.high_paise - bar.low_paise, abs(bar.high_paise - close), abs(bar.low_paise - close)))
    return found


def _atr(bars: Sequence[Bar], period: int) -> Column:
    return _recursive(_true_ranges(bars), period, Fraction(1, period))


def atr(bars: Sequence[Bar], period: int) -> Rows:
    return _both(_atr(bars, period))


def keltner(bars: Sequence[Bar], period: int, multiplier: float, atr_period: int) -> Rows:
    width = [each if each is None else Fraction(multiplier) * each for each in _atr(bars, atr_period)]
    return _around(_ema(_closes(bars), period), width)


def supertrend(bars: Sequence[Bar], period: int, multiplier: float) -> Rows:
    found: Rows = []
    upper = lower = direction = None
    for index, (bar, average) in enumerate(zip(bars, _atr(bars, period), strict=True)):
        if average is None:
            found.append(None)
            continue
        middle, close = Fraction(bar.high_paise + bar.low_paise, 2), bars[index - 1].close_paise
        new_upper, new_lower = middle + Fraction(multiplier) * average, middle - Fraction(multiplier) * average
        upper = new_upper if upper is None or new_upper < upper or close > upper else upper
        lower = new_lower if lower is None or new_lower > lower or close < lower else lower
        if direction is None:
            direction = -1
        elif direction == -1:
            direction = 1 if bar.close_paise > upper else -1
        else:
            direction = -1 if bar.close_paise < lower else 1
        found.append((lower if direction == 1 else upper, direction))
    return found


def di(bars: Sequence[Bar], period: int) -> Rows:
    movements = [(bar.high_paise - b.high_paise, b.low_paise - bar.low_paise) for b, bar in pairwise(bars)]
    plus = [up if up > down and up > 0 else 0 for up, down in movements]
    minus = [down if down > up and down > 0 else 0 for up, down in movements]
    sums = []
    for column in (plus, minus, _true_ranges(bars)[1:]):
        total, line = Fraction(0), [None]
        for count, number in enumerate(column, start=1):
            total = total + number - (total / period if count >= period else 0)
            line.append(total if count >= period else None)
        sums.append(line)
    return [
        None if row is None else tuple(100 * side / row[2] if row[2] else 0 for side in row[:2]) for row in _both(*sums)
    ]


def adx(bars: Sequence[Bar], period: int) -> Rows:
    found: Rows = []
    average, seed = None, []
    for sides in di(bars, period):
        if sides is None:
            found.append(None)
            continue
        index = 100 * abs(sides[0] - sides[1]) / sum(sides) if sum(sides) else None
        if average is None:
            seed.append(index or 0)
            average = _mean(seed) if len(seed) == period else None
        elif index is not None:
            average = (average * (period - 1) + index) / period
        found.append(None if average is None else (average, *sides))
    return found


def vwap(bars: Sequence[Bar]) -> Rows:
    found: Rows = []
    for _, session in groupby(bars, key=lambda bar: trading_date(bar.start)):
        traded = list(session)
        for end in range(1, len(traded) + 1):
            volume = sum(bar.volume for bar in traded[:end])
            typical = [
                Fraction(bar.high_paise + bar.low_paise + bar.close_paise, 3) * bar.volume for bar in traded[:end]
            ]
            found.append((sum(typical) / volume,) if volume else None)
    return found


def obv(bars: Sequence[Bar]) -> Rows:
    found, total = [], 0
    for index, bar in enumerate(bars):
        before = bars[index - 1].close_paise if index else 0
        total += bar.volume * ((bar.close_paise > before) - (bar.close_paise < before))
        found.append((total,))
    return found


def volume_ratio(bars: Sequence[Bar], period: int) -> Rows:
    means = _windowed([bar.volume for bar in bars], period, _mean)
    return [
        None if mean is None else (bar.volume / mean if mean else 0,) for bar, mean in zip(bars, means, strict=True)
    ]
