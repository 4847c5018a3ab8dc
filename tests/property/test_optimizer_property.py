"""Whatever the market was, weights are a portfolio, the best of its kind, and no matter of the order of the names."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from alpha_panda.optimizer.estimate import Array, Estimate
from alpha_panda.optimizer.weights import Method, WeightsError, weights

SOME = settings(max_examples=60, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
COUNTS = st.integers(2, 9)
each_method = pytest.mark.parametrize("method", Method)


def market(seed: int, count: int) -> Estimate:
    """A year's means and covariances of a market with one common force, of calm and of wild names."""
    dice = np.random.default_rng(seed)
    daily = dice.normal(size=(250, count)) * dice.uniform(0.002, 0.05, count)
    daily += dice.normal(size=(250, 1)) * dice.normal(0.5, 1, count) * 0.01
    names = tuple(f"N{n}" for n in range(count))
    return Estimate(names, dice.normal(0.1, 0.2, count), np.cov(daily.T) * 252, 0.0)


def solved(method: Method, expected: Estimate, cap: float) -> Array:
    try:
        return weights(method, expected, cap=cap)
    except WeightsError:
        assert method is Method.MAX_SHARPE
        # It is refused only where even the best mixture of the best names loses.
        best = np.sort(expected.mean)[::-1]
        held = np.clip(1 - cap * np.arange(len(best)), 0, cap)
        assert best @ held <= 1e-12
        reject()


def caps(count: int, looseness: float) -> float:
    return 1 / count + looseness * (1 - 1 / count)


@each_method
@SOME
@given(seed=SEEDS, count=COUNTS, looseness=st.floats(0, 1))
def test_weights_sum_to_one_are_never_negative_and_keep_to_the_cap(
    method: Method, seed: int, count: int, looseness: float
):
    cap = caps(count, looseness)
    held = solved(method, market(seed, count), cap)
    assert abs(held.sum() - 1) < 1e-9
    assert held.min() >= 0
    assert held.max() <= cap + 1e-9


@each_method
@SOME
@given(seed=SEEDS, count=COUNTS, looseness=st.floats(0, 1), order=st.randoms(use_true_random=False))
def test_names_in_another_order_have_the_same_weights(
    method: Method, seed: int, count: int, looseness: float, order: Random
):
    expected, cap = market(seed, count), caps(count, looseness)
    places = list(range(count))
    order.shuffle(places)
    other = Estimate(
        tuple(expected.names[each] for each in places),
        expected.mean[places],
        expected.covariance[np.ix_(places, places)],
        0.0,
    )
    assert solved(method, other, cap) == pytest.approx(solved(method, expected, cap)[places], abs=1e-7)


@SOME
@given(seed=SEEDS, count=COUNTS, looseness=st.floats(0, 1))
def test_in_risk_parity_all_below_the_cap_contribute_the_same_and_those_at_it_no_more(
    seed: int, count: int, looseness: float
):
    expected, cap = market(seed, count), caps(count, looseness)
    held = solved(Method.RISK_PARITY, expected, cap)
    parts = held * (expected.covariance @ held)
    free = held < cap - 1e-9
    if not free.any():
        return
    assert parts[free] == pytest.approx(np.full(free.sum(), parts[free].mean()), rel=1e-6)
    assert parts[~free].max(initial=0) <= parts[free].mean() * (1 + 1e-6)


@pytest.mark.parametrize("method", [Method.MEAN_VARIANCE, Method.MAX_SHARPE])
@SOME
@given(seed=SEEDS, count=COUNTS, looseness=st.floats(0.05, 1))
def test_no_other_portfolio_is_better(method: Method, seed: int, count: int, looseness: float):
    expected, cap = market(seed, count), caps(count, looseness)
    held = solved(method, expected, cap)

    def worth(each: Array) -> float:
        variance = each @ expected.covariance @ each
        if method is Method.MEAN_VARIANCE:
            return float(expected.mean @ each - 2 * variance)
        return float(expected.mean @ each / np.sqrt(variance))

    dice = np.random.default_rng(seed)
    for _ in range(200):
        other = dice.dirichlet(np.full(count, 0.5))
        step = dice.uniform() ** 3
        other = (1 - step) * held + step * other
        if other.max() <= cap:
            assert worth(other) <= worth(held) + 1e-9


@pytest.mark.parametrize("method", [Method.RISK_PARITY, Method.MAX_SHARPE])
@SOME
@given(seed=SEEDS, count=COUNTS)
def test_a_market_that_moves_twice_as_much_has_the_same_sharpe_and_parity(method: Method, seed: int, count: int):
    expected = market(seed, count)
    wilder = Estimate(expected.names, 2 * expected.mean, 4 * expected.covariance, 0.0)
    assert solved(method, wilder, 1.0) == pytest.approx(solved(method, expected, 1.0), abs=1e-7)
