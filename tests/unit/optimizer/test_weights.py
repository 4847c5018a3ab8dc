"""Portfolios that can be worked out by hand, what the data let one expect, and what there is no portfolio for."""

from datetime import date, timedelta

import numpy as np
import pytest

from alpha_panda.optimizer.estimate import Estimate, estimate
from alpha_panda.optimizer.returns import Returns
from alpha_panda.optimizer.suggestion import Wishes, suggest
from alpha_panda.optimizer.weights import Method, WeightsError, max_sharpe, mean_variance, risk_parity, weights

NEAR = {"abs": 1e-9}


def made(*columns: object) -> Returns:
    rows = np.array(columns).T
    days = tuple(date(2026, 1, 1) + timedelta(days=n) for n in range(len(rows)))
    names = tuple("ABCDEFGH"[: rows.shape[1]])
    return Returns(names=names, days=days, rows=tuple(map(tuple, rows.tolist())))


def drawn(count: int, days: int = 500) -> Returns:
    dice = np.random.default_rng(7)
    market = dice.normal(size=days) * 0.01
    return made(*(market + dice.normal(0.003, 0.01 * (n + 1), size=days) for n in range(count)))


def test_without_correlation_risk_parity_weighs_by_the_inverse_deviation():
    assert risk_parity(np.diag([0.04, 0.01, 0.01])) == pytest.approx([0.2, 0.4, 0.4])


def test_of_three_in_risk_parity_two_that_move_together_get_less():
    covariance = 0.04 * np.array([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]])
    held = risk_parity(covariance)
    assert held[0] == pytest.approx(held[1])
    assert held[2] > held[0]
    assert held * (covariance @ held) == pytest.approx(np.full(3, held @ covariance @ held / 3))


def test_without_correlation_mean_variance_is_what_is_done_by_hand():
    # Each has mean - aversion * variance * weight the same: 0.1 - 0.16 a = 0.06 - 0.16 (1 - a), so a is 0.625.
    held = mean_variance(np.array([0.10, 0.06]), np.diag([0.04, 0.04]), 1.0, 4.0)
    assert held == pytest.approx([0.625, 0.375], **NEAR)


def test_who_fears_no_risk_takes_the_highest_return_and_who_fears_all_the_lowest_variance():
    mean, covariance = np.array([0.10, 0.06]), np.diag([0.04, 0.01])
    assert mean_variance(mean, covariance, 1.0, 1e-6) == pytest.approx([1, 0])
    assert mean_variance(mean, covariance, 1.0, 1e9) == pytest.approx([0.2, 0.8], abs=1e-6)


def test_without_correlation_the_highest_sharpe_weighs_by_return_over_variance():
    held = max_sharpe(np.array([0.10, 0.06, -0.05]), np.diag([0.04, 0.01, 0.01]), 1.0)
    assert held == pytest.approx([2.5 / 8.5, 6 / 8.5, 0], **NEAR)


def test_a_cap_gives_the_rest_to_the_others():
    mean, covariance = np.array([0.10, 0.06, -0.05]), np.diag([0.04, 0.01, 0.01])
    assert max_sharpe(mean, covariance, 0.5) == pytest.approx([0.5, 0.5, 0], **NEAR)
    assert risk_parity(np.diag([0.04, 0.01, 0.01]), 0.35) == pytest.approx([0.3, 0.35, 0.35])
    assert risk_parity(np.diag([0.04, 0.01, 0.01]), 1 / 3) == pytest.approx([1 / 3] * 3)


def test_deviations_and_means_are_those_of_the_data_for_a_year():
    returns = drawn(3)
    daily = np.array(returns.rows)
    found = estimate(returns)
    assert found.mean == pytest.approx(daily.mean(axis=0) * 252)
    assert found.deviation == pytest.approx(daily.std(axis=0, ddof=1) * np.sqrt(252))


def test_correlations_are_shrunk_the_more_the_fewer_days_there_are():
    many, few = estimate(drawn(5, days=2000)), estimate(drawn(5, days=60))
    assert 0 < many.shrinkage < few.shrinkage < 1
    daily = np.array(drawn(5, days=60).rows)
    measured = np.corrcoef(daily.T)
    shrunk = few.covariance / np.outer(few.deviation, few.deviation)
    apart = ~np.eye(5, dtype=bool)
    assert shrunk[apart] == pytest.approx((1 - few.shrinkage) * measured[apart])


def test_a_suggestion_has_all_that_a_person_compares():
    found = suggest(drawn(4), list(Method), Wishes(cap=0.5, free_rate=0.02))
    assert [each.method for each in found.portfolios] == list(Method)
    for each in found.portfolios:
        assert sum(each.weights.values()) == pytest.approx(1)
        assert sum(each.risk_shares.values()) == pytest.approx(1)
        assert each.sharpe == pytest.approx((each.mean - 0.02) / each.deviation)
    best = max(found.portfolios, key=lambda each: each.sharpe)
    assert best.method is Method.MAX_SHARPE
    assert list(found.portfolios[0].risk_shares.values()) == pytest.approx([0.25] * 4)


def test_a_method_without_a_portfolio_is_told_beside_the_others_and_refused_alone():
    falling = made(*(-0.02 + np.array(drawn(2).rows).T))
    found = suggest(falling, list(Method), Wishes())
    assert [each.method for each in found.portfolios] == [Method.RISK_PARITY, Method.MEAN_VARIANCE]
    (note,) = found.notes
    assert note.startswith("max-sharpe: no portfolio has a return above the free rate: the best misses it by ")
    with pytest.raises(WeightsError, match="no portfolio has a return above the free rate"):
        suggest(falling, [Method.MAX_SHARPE], Wishes())


@pytest.mark.parametrize(
    ("cap", "told", "remedy"),
    [
        (0.3, "3 weights of at most 30 % sum to 90 %, not to 100 %", "give a cap of at least 33.34 %"),
        (0.0, "the cap is 0 %", "above 0 %, at most 100 %"),
        (-1.0, "the cap is -100 %", "above 0 %, at most 100 %"),
        (1.01, "the cap is 101 %", "above 0 %, at most 100 %"),
        (float("nan"), "the cap is nan %", "above 0 %, at most 100 %"),
    ],
)
@pytest.mark.parametrize("method", Method)
def test_a_cap_that_leaves_no_portfolio_is_refused(method: Method, cap: float, told: str, remedy: str):
    expected = Estimate(names=("A", "B", "C"), mean=np.ones(3), covariance=np.eye(3), shrinkage=0)
    with pytest.raises(WeightsError) as caught:
        weights(method, expected, cap=cap)
    assert str(caught.value) == told
    assert remedy in str(caught.value.remedy)
