"""Monte Carlo: what the same trades might have come to in another order and mixture.

Each run draws as many trades as there were, with replacement (Efron, "Bootstrap Methods", Annals of Statistics 7,
1979), and adds their net results to the starting cash. That takes trades as independent of each other and of the
size of the account, so it shows the part of luck in a result, not what a market of another kind would do.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

import msgspec

PERCENTILES: Final = (5, 25, 50, 75, 95)


class Resampled(msgspec.Struct, frozen=True, kw_only=True):
    """The spread of many runs. Percentiles are by number: 5 is what one run in twenty was below."""

    runs: int
    seed: int
    trades: int
    net_paise: dict[int, int]
    drawdown: dict[int, float]
    """The deepest fall from a peak, as a share of it."""
    loss_probability: float
    """The share of runs that ended below what they began with."""
    ruin_probability: float
    """The share of runs that had nothing left at some moment."""


def resample(nets_paise: Sequence[int], start_paise: int, runs: int, seed: int) -> Resampled | None:
    """The spread of `runs` draws; None where there are fewer than two trades to draw from."""
    if len(nets_paise) < 2 or start_paise <= 0:  # noqa: PLR2004 — one trade has no order
        return None
    dice = random.Random(seed)  # noqa: S311 — no secret depends on it, and a seed must give the same again
    ends: list[int] = []
    falls: list[float] = []
    ruined = 0
    for _ in range(runs):
        end_paise, fall, is_ruined = _run(dice.choices(nets_paise, k=len(nets_paise)), start_paise)
        ends.append(end_paise - start_paise)
        falls.append(fall)
        ruined += is_ruined
    ends.sort()
    falls.sort()
    return Resampled(
        runs=runs,
        seed=seed,
        trades=len(nets_paise),
        net_paise={each: ends[_rank(each, runs)] for each in PERCENTILES},
        drawdown={each: falls[_rank(each, runs)] for each in PERCENTILES},
        loss_probability=sum(each < 0 for each in ends) / runs,
        ruin_probability=ruined / runs,
    )


def _run(drawn: Sequence[int], start_paise: int) -> tuple[int, float, bool]:
    equity = peak = start_paise
    fall, ruined = 0.0, False
    for net in drawn:
        equity += net
        peak = max(peak, equity)
        fall = max(fall, (peak - equity) / peak)
        ruined = ruined or equity <= 0
    return equity, fall, ruined


def _rank(percentile: int, runs: int) -> int:
    """The nearest rank: the smallest result that so many percent of the runs do not exceed."""
    return max(-(-percentile * runs // 100) - 1, 0)
