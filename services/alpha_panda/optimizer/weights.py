"""Portfolios: weights that sum to 1, none negative and none above a cap, by three ways of choosing.

All three are convex: there is one best answer. Mean-variance is a quadratic program, and max-sharpe one of its
answers (`quadratic`); risk parity is solved one weight at a time until none moves.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
from scipy.optimize import brentq

from alpha_panda.errors import InputError
from alpha_panda.optimizer.estimate import Array, Estimate
from alpha_panda.optimizer.quadratic import ROUNDING, UnsolvedError, least, lowest, tidied

_STILL: Final = 1e-13
_ROUNDS: Final = 20_000


class Method(StrEnum):
    """How weights are chosen."""

    RISK_PARITY = "risk-parity"
    MEAN_VARIANCE = "mean-variance"
    MAX_SHARPE = "max-sharpe"


class WeightsError(InputError):
    """No portfolio is what is asked for."""


def weights(
    method: Method, expected: Estimate, *, cap: float = 1.0, aversion: float = 4.0, free_rate: float = 0.0
) -> Array:
    """The weights in the order of the names.

    `aversion` is that of mean-variance: how much return a variance of 1 must pay, halved; `free_rate` is of a year.

    Raises:
        WeightsError: the caps leave no portfolio, or none has a return above the free rate (max-sharpe).
        UnsolvedError: the search failed.
    """
    check_cap(len(expected.names), cap)
    match method:
        case Method.RISK_PARITY:
            return risk_parity(expected.covariance, cap)
        case Method.MEAN_VARIANCE:
            return mean_variance(expected.mean, expected.covariance, cap, aversion)
        case Method.MAX_SHARPE:
            return max_sharpe(expected.mean - free_rate, expected.covariance, cap)


def check_cap(count: int, cap: float) -> None:
    """Raise WeightsError where weights of at most `cap` cannot sum to 1."""
    if not 0 < cap <= 1:
        raise WeightsError(f"the cap is {100 * cap:.4g} %", remedy="allowed: above 0 %, at most 100 %")
    if count * cap < 1 - ROUNDING:
        message = f"{count} weights of at most {100 * cap:.4g} % sum to {100 * count * cap:.4g} %, not to 100 %"
        raise WeightsError(message, remedy=f"give a cap of at least {100 / count + 0.005:.2f} %")


def mean_variance(mean: Array, covariance: Array, cap: float, aversion: float) -> Array:
    """The most return less half of `aversion` times the variance (Markowitz 1952)."""
    return least(aversion * covariance, mean, cap)


def max_sharpe(excess: Array, covariance: Array, cap: float) -> Array:
    """The most return above the free rate for its deviation.

    It is the portfolio of mean-variance whose own return over variance is the aversion that it was chosen with.
    """
    most = lowest(-excess, cap)
    if excess @ most <= 0:
        message = f"no portfolio has a return above the free rate: the best misses it by {-float(excess @ most):.2%}"
        raise WeightsError(f"{message} a year", remedy="choose risk-parity, which asks for no return, or other data")
    held = most

    def mistaken(power: float) -> float:
        nonlocal held
        aversion = float(np.exp(power))
        held = least(aversion * covariance, excess, cap, held)
        return float(aversion * (held @ covariance @ held) - excess @ held)

    low = high = float(np.log(excess @ most / (most @ covariance @ most)))
    while mistaken(low) > 0:
        low -= 1
    while mistaken(high) < 0:
        high += 1
    mistaken(brentq(mistaken, low, high, xtol=1e-14, rtol=1e-14) if low < high else low)
    return held


def risk_parity(covariance: Array, cap: float = 1.0) -> Array:
    """Each contributes the same to the variance; those at the cap, who would contribute more, as much as it lets them.

    It is the least of half the variance less `budget` times the sum of the logarithms, with the budget at which the
    weights sum to 1 (Richard and Roncalli, "Constrained Risk Budgeting Portfolios", 2019).
    """
    count = len(covariance)
    if count * cap <= 1 + ROUNDING:
        return np.full(count, 1 / count)
    own = np.sqrt(np.diag(covariance))
    scaled = covariance / own.mean() ** 2
    free = _budgeted(scaled, 1.0, np.inf)
    free = free / free.sum()
    if free.max() <= cap:
        return tidied(free, cap)

    def missing(power: float) -> float:
        return float(_budgeted(scaled, float(np.exp(power)), cap).sum() - 1)

    low, high = -50.0, 0.0
    while missing(high) < 0:
        high += 5
    found = brentq(missing, low, high, xtol=1e-14, rtol=1e-14)
    return tidied(_budgeted(scaled, float(np.exp(found)), cap), cap)


def _budgeted(covariance: Array, budget: float, cap: float) -> Array:
    """The weights that each make their own part of the objective least, given all others."""
    variances = np.diag(covariance)
    held: Array = np.minimum(np.sqrt(budget / variances) / np.sqrt(len(covariance)), cap)
    for _ in range(_ROUNDS):
        moved = 0.0
        for place, variance in enumerate(variances):
            others = float(covariance[place] @ held - variance * held[place])
            best = min((-others + float(np.sqrt(others**2 + 4 * variance * budget))) / (2 * variance), cap)
            moved = max(moved, abs(best - held[place]) / best)
            held[place] = best
        if moved < _STILL:
            return held
    raise UnsolvedError(f"risk-parity: weights still move after {_ROUNDS} rounds", remedy="leave out what is hedged")
