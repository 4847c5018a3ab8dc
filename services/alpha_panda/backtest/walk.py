"""Walk-forward: parameters are chosen on one span of days and judged on the next, which the choice did not see.

The days are divided into N + 1 spans of consecutive sessions. For each of the last N, the best combination of
the span before it is traded. Every span begins with the starting cash, and with indicators that know the days
before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from math import prod

import msgspec

from alpha_panda.backtest.report import Summary
from alpha_panda.backtest.sweep import Job, Values, Workers, run_trials
from alpha_panda.domain.calendar import Session
from alpha_panda.errors import InputError


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """One choice and what it was worth; the summaries are out-of-sample, by Broker."""

    chosen_from: date
    chosen_to: date
    values: Values
    summaries: tuple[Summary, ...]


class WalkForward(msgspec.Struct, frozen=True, kw_only=True):
    """All folds. Nothing in it is in-sample."""

    folds: tuple[Fold, ...]
    total_returns: dict[str, float]
    """By Broker: the returns of the folds one after the other, as if each had begun with what the last one left."""


def spans(sessions: Sequence[Session], folds: int) -> list[tuple[date, date]]:
    """First and last date of each of `folds` + 1 spans; the earlier ones are a session longer where they must.

    Raises:
        InputError: there are fewer sessions than spans.
    """
    count = folds + 1
    if len(sessions) < count:
        raise InputError(
            f"--walk-forward {folds} needs {count} sessions at least; the data have {len(sessions)}",
            remedy="give more days of data, or fewer spans",
        )
    size, longer = divmod(len(sessions), count)
    found, begin = [], 0
    for index in range(count):
        end = begin + size + (index < longer)
        found.append((sessions[begin].date, sessions[end - 1].date))
        begin = end
    return found


def walk_forward(
    workers: Workers,
    job: Job,
    found: Sequence[Values],
    days: Sequence[tuple[date, date]],
    done: Callable[[int], None] = lambda _: None,
) -> WalkForward:
    """Choose on each of `days`, trade the next; `done` is told of each trial."""
    folds = []
    for before, after in pairwise(days):
        best = found[0]
        if len(found) > 1:
            best = run_trials(workers, _during(job, before), found, done)[0].values
        (judged,) = run_trials(workers, _during(job, after), [best], done)
        folds.append(Fold(chosen_from=before[0], chosen_to=before[1], values=best, summaries=judged.summaries))
    totals = {
        name: prod(1 + (each.total_return or 0.0) for fold in folds for each in fold.summaries if each.broker == name)
        - 1
        for name in job.setup.names
    }
    return WalkForward(folds=tuple(folds), total_returns=totals)


def _during(job: Job, days: tuple[date, date]) -> Job:
    selection = msgspec.structs.replace(job.selection, first=days[0], last=days[1])
    return msgspec.structs.replace(job, selection=selection)
