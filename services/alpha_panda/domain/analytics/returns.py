"""Ratios of returns: Sharpe, Sortino, Calmar, the growth rate of a year.

Returns are those of trading days: equity at a session's close over equity at the close before, less one.

Annualisation: a mean of days counts 252 times a year and a deviation the square root of 252 times, which
takes the days as independent; the growth rate goes by the calendar (365.25 days), as an investor counts it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from statistics import fmean, stdev
from typing import Final

DAYS_A_YEAR: Final = 252
"""Trading days; NSE has 245 to 250, and 252 keeps ratios comparable with those of other programs."""
SHORTEST_YEARS: Final = 90 / 365.25
"""A growth rate of fewer days than these would tell of the arithmetic and not of the trading."""
_CALENDAR_YEAR: Final = 365.25


def daily_returns(closes: Sequence[int]) -> list[float]:
    """The return of each day from the equities at the closes, the first of which is what the account began with."""
    return [after / before - 1 for before, after in pairwise(closes) if before > 0]


def total_return(start: int, end: int) -> float | None:
    """What the account gained as a share of what it began with."""
    return end / start - 1 if start > 0 else None


def growth_rate(start: int, end: int, first: date, last: date) -> float | None:
    """CAGR: the yearly rate that makes `start` into `end`, `(end / start) ** (1 / years) - 1`.

    None over less than 90 days, and where nothing is left.
    """
    years = ((last - first).days + 1) / _CALENDAR_YEAR
    if years < SHORTEST_YEARS or start <= 0 or end <= 0:
        return None
    return float((end / start) ** (1 / years)) - 1


def volatility(returns: Sequence[float]) -> float | None:
    """The sample deviation of daily returns, for a year."""
    return stdev(returns) * math.sqrt(DAYS_A_YEAR) if len(returns) > 1 else None


def sharpe(returns: Sequence[float], yearly_free_rate: float = 0.0) -> float | None:
    """Mean return above the free rate over the sample deviation, for a year.

    Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994), equations 3 to 6, times sqrt(252).
    """
    if len(returns) < 2:  # noqa: PLR2004 — a deviation needs two
        return None
    deviation = stdev(returns)
    if math.isclose(deviation, 0, abs_tol=1e-15):
        return None
    return (fmean(returns) - yearly_free_rate / DAYS_A_YEAR) / deviation * math.sqrt(DAYS_A_YEAR)


def sortino(returns: Sequence[float], yearly_target: float = 0.0) -> float | None:
    """Mean return above the target over the downside deviation, for a year.

    The downside deviation is the root of the mean, over all days, of the squared shortfalls below the target
    (Sortino and Price, "Performance Measurement in a Downside Risk Framework", Journal of Investing 3, 1994).
    """
    if len(returns) < 2:  # noqa: PLR2004 — of one day no rate of a year can be told
        return None
    target = yearly_target / DAYS_A_YEAR
    downside = math.sqrt(fmean([min(each - target, 0.0) ** 2 for each in returns]))
    if math.isclose(downside, 0, abs_tol=1e-15):
        return None
    return (fmean(returns) - target) / downside * math.sqrt(DAYS_A_YEAR)


def calmar(growth: float | None, deepest: float) -> float | None:
    """The growth rate of a year over the deepest drawdown (Young, "Calmar Ratio", Futures, October 1991)."""
    return None if growth is None or deepest <= 0 else growth / deepest


def monthly_returns(closes: Sequence[tuple[date, int]], start: int) -> dict[str, float]:
    """The return of each calendar month (YYYY-MM) with a close, from the last close of the month before."""
    ends: dict[str, int] = {}
    for day, equity in closes:
        ends[f"{day:%Y-%m}"] = equity
    found, before = {}, start
    for month, equity in ends.items():
        if before > 0:
            found[month] = equity / before - 1
        before = equity
    return found
