"""Suggested portfolios as plain values: what the table and the JSON of `panda optimize` are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
import numpy as np

from alpha_panda.optimizer.estimate import Array, Estimate, estimate
from alpha_panda.optimizer.returns import Returns
from alpha_panda.optimizer.weights import Method, WeightsError, check_cap, weights


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One that capital can be given to, by itself; for a year."""

    name: str
    mean: float
    deviation: float


class Portfolio(msgspec.Struct, frozen=True, kw_only=True):
    """One way to divide. `risk_shares` are each one's part of the variance, which sum to 1."""

    method: Method
    weights: dict[str, float]
    risk_shares: dict[str, float]
    mean: float
    deviation: float
    sharpe: float


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """What is suggested. It is in-sample: chosen by the returns that it is measured on."""

    first: date
    last: date
    days: int
    cap: float
    aversion: float
    free_rate: float
    shrinkage: float
    assets: tuple[Asset, ...]
    portfolios: tuple[Portfolio, ...]
    notes: tuple[str, ...]


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What a portfolio must be: shares, not percent."""

    cap: float = 1.0
    aversion: float = 4.0
    free_rate: float = 0.0


def suggest(returns: Returns, methods: Sequence[Method], wishes: Wishes) -> Suggestion:
    """A portfolio by each method; where several are asked for, one that there is not is told in the notes.

    Raises:
        WeightsError: the cap leaves no portfolio, or there is none by the only method.
        UnsolvedError: a search failed.
    """
    check_cap(len(returns.names), wishes.cap)
    expected = estimate(returns)
    portfolios, notes = [], list(returns.notes)
    for method in methods:
        try:
            portfolios.append(_portfolio(method, expected, wishes))
        except WeightsError as error:
            if len(methods) == 1:
                raise
            notes.append(f"{method}: {error}")
    return Suggestion(
        first=returns.days[0],
        last=returns.days[-1],
        days=len(returns.days),
        cap=wishes.cap,
        aversion=wishes.aversion,
        free_rate=wishes.free_rate,
        shrinkage=expected.shrinkage,
        assets=tuple(
            Asset(name=name, mean=float(mean), deviation=float(deviation))
            for name, mean, deviation in zip(expected.names, expected.mean, expected.deviation, strict=True)
        ),
        portfolios=tuple(portfolios),
        notes=tuple(notes),
    )


def _portfolio(method: Method, expected: Estimate, wishes: Wishes) -> Portfolio:
    held = weights(method, expected, cap=wishes.cap, aversion=wishes.aversion, free_rate=wishes.free_rate)
    risk = expected.covariance @ held
    variance = float(held @ risk)
    mean, deviation = float(expected.mean @ held), float(np.sqrt(variance))
    return Portfolio(
        method=method,
        weights=_named(expected.names, held),
        risk_shares=_named(expected.names, held * risk / variance),
        mean=mean,
        deviation=deviation,
        sharpe=(mean - wishes.free_rate) / deviation,
    )


def _named(names: Sequence[str], figures: Array) -> dict[str, float]:
    return {name: float(each) for name, each in zip(names, figures, strict=True)}
