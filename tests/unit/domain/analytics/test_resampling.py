"""Trades drawn again show how much of a result was chance, the same for the same seed."""

from __future__ import annotations

import pytest

from alpha_panda.domain.analytics.resampling import PERCENTILES, resample


def test_the_same_seed_gives_the_same_and_another_one_something_else():
    trades = [500, -200, 300, -400, 150, -100, 700]
    first = resample(trades, 10_000, 500, seed=1)
    assert first == resample(trades, 10_000, 500, seed=1)
    assert first != resample(trades, 10_000, 500, seed=2)


def test_trades_that_all_lose_lose_in_every_run():
    """Ten losses of 10 from 1,000: each run ends at 900, which is its deepest drawdown."""
    found = resample([-10] * 10, 1_000, 50, seed=3)
    assert found is not None
    assert found.net_paise == dict.fromkeys(PERCENTILES, -100)
    assert found.drawdown == pytest.approx(dict.fromkeys(PERCENTILES, 0.1))
    assert (found.loss_probability, found.ruin_probability) == (1, 0)


def test_losing_all_of_it_is_counted():
    found = resample([-600, -600], 1_000, 10, seed=1)
    assert found is not None
    assert found.ruin_probability == 1


def test_the_middle_of_a_fair_coin_is_near_its_mean_and_percentiles_rise():
    found = resample([100, -100] * 50, 1_000_000, 2_000, seed=5)
    assert found is not None
    values = [found.net_paise[each] for each in PERCENTILES]
    assert values == sorted(values)
    assert abs(found.net_paise[50]) <= 200
    # A hundred draws of plus or minus 100 deviate by 1,000; the fifth percentile of a normal lies 1.645 of these below.
    assert found.net_paise[5] == pytest.approx(-1_645, abs=250)


@pytest.mark.parametrize(("trades", "start"), [([], 1_000), ([5], 1_000), ([5, 5], 0)])
def test_too_little_to_draw_from_gives_nothing(trades: list[int], start: int):
    assert resample(trades, start, 10, seed=1) is None
