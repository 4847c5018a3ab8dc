"""Parameter sweeps: the same data traded with every combination of values, on all cores.

The best of many trials is best partly by luck, on the very data that it was chosen on: its numbers are in-sample
and say so. What a choice is worth is seen on data that it was not made on (`walk`).
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from typing import Any, Final, Self

import msgspec
import yaml

from alpha_panda.backtest.report import Summary, account_reports
from alpha_panda.backtest.run import Selection, run_backtest
from alpha_panda.backtest.setup import Setup, with_params
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.errors import InputError
from alpha_panda.events.market import Timeframe
from alpha_panda.strategy.loading import load_strategy

MOST_TRIALS: Final = 2_000
Values = dict[str, Any]
"""By `param`, or `strategy.param` for one Strategy only."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One combination and what came of it, by Broker."""

    values: Values
    summaries: tuple[Summary, ...]

    @property
    def score(self) -> tuple[float, float]:
        """What trials are ranked by: Sharpe where the days define it, then the return; over all Brokers."""
        sharpe = sum(each.sharpe or 0.0 for each in self.summaries)
        return sharpe, sum(each.total_return or 0.0 for each in self.summaries)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One trial to be made in another process."""

    setup: Setup
    selection: Selection
    instruments: InstrumentTable
    values: Values = {}


def combinations(asked: Sequence[str], setup: Setup) -> list[Values]:
    """Every combination of `PARAM=A,B,C` texts; one empty combination where nothing is asked.

    Raises:
        InputError: a text is no such thing, or a strategy refuses a value.
    """
    axes: dict[str, list[Any]] = {}
    for text in asked:
        name, sign, values = text.partition("=")
        if not (name.strip() and sign and values.strip()):
            raise InputError(f"--sweep {text!r} names no values", remedy="write it as --sweep lookback=10,20,30")
        if name in axes:
            raise InputError(f"--sweep names {name} twice", remedy="give all its values at once")
        axes[name.strip()] = [_value(text, each) for each in values.split(",")]
    found = [dict(zip(axes, chosen, strict=True)) for chosen in product(*axes.values())]
    if len(found) > MOST_TRIALS:
        raise InputError(
            f"--sweep asks for {len(found)} combinations; at most {MOST_TRIALS}", remedy="give fewer values"
        )
    for each in found:
        _check(with_params(setup, each))
    return found


class Workers:
    """Processes that make trials, as many as there are cores; they are started when several trials come at once."""

    def __init__(self, most: int | None = None) -> None:
        """At most so many processes; with 1 everything is done in this one."""
        self._most = min(most or os.cpu_count() or 1, os.cpu_count() or 1)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def make(self, jobs: Sequence[Job], done: Callable[[int], None]) -> list[Trial]:
        """A trial of each job, in their order; `done` is told of each."""
        if self._most == 1 or len(jobs) == 1:
            return [_told(make_trial(job), done) for job in jobs]
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._most, mp_context=multiprocessing.get_context("spawn"))
        waiting = [self._pool.submit(make_trial, job) for job in jobs]
        for _ in as_completed(waiting):
            done(1)
        return [each.result() for each in waiting]


def run_trials(
    workers: Workers, job: Job, found: Sequence[Values], done: Callable[[int], None] = lambda _: None
) -> list[Trial]:
    """A trial of `job` with each of these values, the best first and of equals the first."""
    jobs = [msgspec.structs.replace(job, values=each) for each in found]
    return sorted(workers.make(jobs, done), key=lambda trial: trial.score, reverse=True)


def make_trial(job: Job) -> Trial:
    """Trade with these values; runs in a process of its own."""
    result = run_backtest(with_params(job.setup, job.values), job.selection, job.instruments)
    return Trial(values=job.values, summaries=tuple(each.summary for each in account_reports(result)))


def _told(trial: Trial, done: Callable[[int], None]) -> Trial:
    done(1)
    return trial


def _value(text: str, word: str) -> Any:  # noqa: ANN401 — a parameter is any scalar
    try:
        value = yaml.safe_load(word)
    except yaml.YAMLError:
        value = None
    if value is None or isinstance(value, dict | list):
        raise InputError(f"--sweep {text!r}: {word!r} is no value", remedy="allowed: numbers, words, true and false")
    return value


def _check(setup: Setup) -> None:
    for each in setup.strategies:
        spec = each.spec
        load_strategy(spec.strategy, spec.params, [Timeframe(one.value) for one in spec.timeframes])
