"""What `panda backtest` studies beyond the one run: sweeps, walking forward, drawing the trades again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alpha_panda.backtest.report import AccountReport, Summary
from alpha_panda.backtest.setup import Setup
from alpha_panda.backtest.studies import IN_SAMPLE, Studies, said
from alpha_panda.backtest.sweep import Job, Trial, Values, Workers, combinations, run_trials
from alpha_panda.backtest.walk import WalkForward, spans, walk_forward
from alpha_panda.cli.backtest_tables import percent, ratio
from alpha_panda.cli.output import print_table, print_text
from alpha_panda.cli.progress import progress
from alpha_panda.domain.analytics.resampling import PERCENTILES, Resampled, resample
from alpha_panda.domain.calendar import Session
from alpha_panda.domain.money import rupees

_SHOWN = 20


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The studies that were asked for."""

    sweep: tuple[Values, ...]
    """Combinations; none where no sweep was asked for."""
    folds: int | None
    draws: int | None
    seed: int


def asked(setup: Setup, sweep: Sequence[str], folds: int | None, draws: int | None, seed: int) -> Asked:
    """Check what was asked for before anything runs. Raises InputError."""
    found = tuple(combinations(sweep, setup)) if sweep else ()
    return Asked(sweep=found, folds=folds, draws=draws, seed=seed)


def study(wanted: Asked, job: Job, sessions: Sequence[Session], accounts: Sequence[AccountReport]) -> Studies:
    """Make the studies of the run that `job` describes, which traded these sessions."""
    trials: tuple[Trial, ...] | None = None
    walked: WalkForward | None = None
    with Workers() as workers:
        if wanted.folds is not None:
            days = spans(sessions, wanted.folds)
            found = wanted.sweep or ({},)
            choosing = len(found) if len(found) > 1 else 0
            with progress("walking forward", wanted.folds * (choosing + 1)) as done:
                walked = walk_forward(workers, job, found, days, done)
        elif wanted.sweep:
            with progress("sweeping", len(wanted.sweep)) as done:
                trials = tuple(run_trials(workers, job, wanted.sweep, done))
    drawn = None
    if wanted.draws is not None:
        drawn = {each.summary.broker: _draw(each, wanted.draws, wanted.seed) for each in accounts}
    return Studies(in_sample=trials, out_of_sample=walked, monte_carlo=drawn)


def _draw(account: AccountReport, draws: int, seed: int) -> Resampled | None:
    return resample([each.net_paise for each in account.trades], account.summary.start_paise, draws, seed)


def print_studies(studies: Studies) -> None:
    """Their tables."""
    if studies.in_sample is not None:
        _print_sweep(studies.in_sample)
    if studies.out_of_sample is not None:
        _print_walk(studies.out_of_sample)
    for broker, drawn in (studies.monte_carlo or {}).items():
        _print_drawn(broker, drawn)


def _print_sweep(trials: Sequence[Trial]) -> None:
    print_text(f"\nSweep of {len(trials)} combinations, the best by Sharpe first\n{IN_SAMPLE}")
    rows = [
        (
            said(trial.values),
            each.broker,
            percent(each.total_return),
            ratio(each.sharpe),
            _fall(each),
            each.trades.trades,
        )
        for trial in trials[:_SHOWN]
        for each in trial.summaries
    ]
    print_table(("VALUES", "BROKER", "RETURN (IN-SAMPLE)", "SHARPE", "MAX DRAWDOWN", "TRADES"), rows)


def _print_walk(walked: WalkForward) -> None:
    print_text("\nWalk-forward, out-of-sample results only")
    rows = [
        (
            f"{fold.chosen_from} to {fold.chosen_to}",
            said(fold.values),
            f"{each.first} to {each.last}",
            each.broker,
            percent(each.total_return),
            ratio(each.sharpe),
            _fall(each),
            each.trades.trades,
        )
        for fold in walked.folds
        for each in fold.summaries
    ]
    columns = ("CHOSEN ON", "VALUES", "TRADED ON", "BROKER", "RETURN", "SHARPE", "MAX DRAWDOWN", "TRADES")
    print_table(columns, rows)
    for broker, total in walked.total_returns.items():
        print_text(f"{broker}: {percent(total)} in all")


def _print_drawn(broker: str, drawn: Resampled | None) -> None:
    if drawn is None:
        print_text(f"\nMonte Carlo of {broker}: fewer than two trades to draw from")
        return
    print_text(f"\nMonte Carlo of {broker}: {drawn.trades} trades drawn again {drawn.runs} times, seed {drawn.seed}")
    rows = [(f"{each} %", rupees(drawn.net_paise[each]), percent(drawn.drawdown[each])) for each in PERCENTILES]
    print_table(("RUNS UP TO", "NET", "MAX DRAWDOWN"), rows)
    print_text(f"{percent(drawn.loss_probability)} of the runs lost money, {percent(drawn.ruin_probability)} all of it")


def _fall(each: Summary) -> str:
    return percent(0.0 if each.drawdown is None else each.drawdown.depth)
