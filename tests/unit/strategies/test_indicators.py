"""Indicators are exact, explicit about their warm-up, and continue from a snapshot as if nothing had happened."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_panda.domain.indicators import Ema, Indicator, RateOfChange, Sma

FEW = settings(max_examples=25, deadline=None)
VALUES = st.lists(st.integers(1, 1_000_000), min_size=1, max_size=60)
Maker = Callable[[int], Indicator]
MAKERS: list[Maker] = [Sma, Ema, RateOfChange]


@pytest.mark.parametrize("make", MAKERS)
@FEW
@given(values=VALUES, period=st.integers(1, 12))
def test_an_indicator_is_undefined_exactly_until_its_warm_up(make: Maker, values: list[int], period: int):
    indicator: Indicator = make(period)
    found = [indicator.update(value) is not None for value in values]
    assert found == [n >= indicator.warm_up for n in range(1, len(values) + 1)]


@FEW
@given(values=VALUES, period=st.integers(1, 12))
def test_a_simple_average_is_the_mean_of_its_window(values: list[int], period: int):
    indicator = Sma(period)
    for n, value in enumerate(values, start=1):
        if indicator.update(value) is not None:
            assert indicator.value == pytest.approx(sum(values[n - period : n]) / period)


def test_an_exponential_average_begins_at_the_mean_and_moves_by_its_weight():
    indicator = Ema(3)
    assert [indicator.update(value) for value in (1, 2, 6, 7, 3)] == [None, None, 3, 5, 4]


def test_the_rate_of_change_is_in_percent_of_the_value_at_the_beginning():
    indicator = RateOfChange(2)
    assert [indicator.update(value) for value in (100, 90, 110, 45)] == [None, None, pytest.approx(10), -50]


@pytest.mark.parametrize("make", MAKERS)
@FEW
@given(before=VALUES, after=VALUES, period=st.integers(1, 12))
def test_a_restored_indicator_goes_on_to_the_last_bit(make: Maker, before: list[int], after: list[int], period: int):
    kept, restored = make(period), make(period)
    for value in before:
        kept.update(value / 7)
    restored.restore(json.loads(json.dumps(kept.snapshot())))
    assert [kept.update(value / 7) for value in after] == [restored.update(value / 7) for value in after]


@pytest.mark.parametrize("make", MAKERS)
def test_a_period_without_values_is_refused(make: Maker):
    with pytest.raises(ValueError, match="a period of 0 values"):
        make(0)
