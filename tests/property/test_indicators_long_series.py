"""After a million bars the indicators say what they would say had they begun late, and what exact arithmetic says."""

import random
from collections.abc import Iterator
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from tests.support.indicator_bars import bar_at, flat, values

from alpha_panda.domain.indicators import INDICATORS, Obv, Vwap, indicator
from alpha_panda.domain.indicators.about import Unit
from alpha_panda.domain.indicators.averages import Exponential, exponential, smoothed
from alpha_panda.events.market import Bar

MILLION = 1_000_000
BARS = 10_000
LATE = 9_000
"""Bars that one which begins late sees: enough for an average to forget how it began."""
EXACT = ("sma", "roc", "bollinger", "donchian", "volume_ratio")
"""Their windows hold whole numbers, whose sums are exact."""
WHOLE_HISTORY = ("vwap", "obv")


@pytest.fixture(scope="module")
def market() -> list[Bar]:
    """A seeded walk between 50 and 5,000 rupees, in minutes of one endless day."""
    chance = random.Random(20230710)  # noqa: S311 — any walk will do
    close, bars = 94_600, []
    for _ in range(BARS):
        first = min(max(close + chance.randint(-60, 60), 5_000), 500_000)
        close = min(max(first + chance.randint(-300, 300), 5_000), 500_000)
        high, low = max(first, close) + chance.randint(0, 90), min(first, close) - chance.randint(0, 90)
        bars.append(bar_at(0, (first, high, low, close), chance.randint(0, 10**7)))
    return bars


def million(bars: list[Bar]) -> Iterator[Bar]:
    for _ in range(MILLION // len(bars)):
        yield from bars


@pytest.mark.parametrize("name", sorted(INDICATORS.keys() - set(WHOLE_HISTORY)))
def test_nothing_drifts_in_a_million_bars(name: str, market: list[Bar]):
    old, late = indicator(name), indicator(name)
    for bar in million(market):
        old.update(bar)
    values(late, market[-LATE:])
    assert old.value is not None
    if name in EXACT:
        assert old.value == late.value
    else:
        for output, one, other in zip(old.about.outputs, flat(old.value), flat(late.value), strict=True):
            least = market[-1].close_paise if output.unit is Unit.PRICE else 1
            assert one == pytest.approx(other, rel=1e-12, abs=1e-12 * least)


@pytest.mark.parametrize("average", [exponential(20), exponential(200), smoothed(14)], ids=lambda each: str(each.size))
def test_an_average_of_a_million_closes_is_that_of_exact_arithmetic(average: Exponential, market: list[Bar]):
    exact = Context(prec=50)
    closes = [bar.close_paise for bar in million(market)]
    size, alpha = average.size, exact.create_decimal(Fraction(average.alpha).limit_denominator(10_000).numerator)
    alpha = exact.divide(alpha, Decimal(Fraction(average.alpha).limit_denominator(10_000).denominator))
    value = exact.divide(Decimal(sum(closes[:size])), Decimal(size))
    for close in closes[size:]:
        value = exact.fma(alpha, exact.subtract(Decimal(close), value), value)
    for close in closes:
        average.push(close)
    assert average.value == pytest.approx(float(value), rel=1e-13)


def test_a_session_of_a_million_bars_has_the_exact_average_price(market: list[Bar]):
    average = Vwap()
    for bar in million(market):
        average.update(bar)
    turnover = sum((bar.high_paise + bar.low_paise + bar.close_paise) * bar.volume for bar in market)
    assert average.value == float(Fraction(turnover, 3 * sum(bar.volume for bar in market)))


def test_a_balance_of_a_million_bars_is_exact(market: list[Bar]):
    balance = Obv()
    for bar in million(market):
        balance.update(bar)
    moves = [bar.volume * _sign(bar.close_paise - market[index - 1].close_paise) for index, bar in enumerate(market)]
    # Each round begins with the move from the last bar to the first, but for the very first bar.
    assert balance.value == MILLION // BARS * sum(moves) - moves[0] + market[0].volume


def _sign(move: int) -> int:
    return (move > 0) - (move < 0)
