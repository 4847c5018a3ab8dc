"""The studies on the page: a sweep's trials, what walking forward came to, the spread of drawn trades."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from alpha_panda.backtest.page.tables import percent, ratio, table
from alpha_panda.backtest.report import Summary
from alpha_panda.backtest.studies import IN_SAMPLE, Studies, said
from alpha_panda.backtest.sweep import Trial
from alpha_panda.backtest.walk import WalkForward
from alpha_panda.domain.analytics.resampling import PERCENTILES, Resampled
from alpha_panda.domain.money import rupees

_SHOWN: Final = 100


def studies_section(studies: Studies) -> str:
    """The section; empty where nothing was studied."""
    parts = "".join(_parts(studies))
    return f"<section><h2>Studies</h2>{parts}</section>" if parts else ""


def _parts(studies: Studies) -> Iterator[str]:
    if studies.in_sample is not None:
        yield _sweep(studies.in_sample)
    if studies.out_of_sample is not None:
        yield _walk(studies.out_of_sample)
    for broker, drawn in (studies.monte_carlo or {}).items():
        if drawn is not None:
            yield _drawn(broker, drawn)


def _sweep(trials: Sequence[Trial]) -> str:
    rows = [(said(trial.values), *_figures(each)) for trial in trials[:_SHOWN] for each in trial.summaries]
    header = ("Values", "Broker", "Return (in-sample)", "Sharpe", "Max drawdown", "Trades")
    return f"<h3>Sweep, the best first</h3><p>{IN_SAMPLE}</p>{table(header, rows, range(2, 6))}"


def _walk(walked: WalkForward) -> str:
    rows = [
        (f"{fold.chosen_from} to {fold.chosen_to}", said(fold.values), f"{each.first} to {each.last}", *_figures(each))
        for fold in walked.folds
        for each in fold.summaries
    ]
    header = ("Chosen on", "Values", "Traded on", "Broker", "Return", "Sharpe", "Max drawdown", "Trades")
    totals = "; ".join(f"{broker}: {percent(total)} in all" for broker, total in walked.total_returns.items())
    return f"<h3>Walk-forward, out-of-sample results only</h3><p>{totals}</p>{table(header, rows, range(4, 8))}"


def _drawn(broker: str, drawn: Resampled) -> str:
    rows = [(f"{each} %", rupees(drawn.net_paise[each]), percent(drawn.drawdown[each])) for each in PERCENTILES]
    note = (
        f"{drawn.trades} trades drawn again {drawn.runs} times, seed {drawn.seed}; "
        f"{percent(drawn.loss_probability)} of the runs lost money, {percent(drawn.ruin_probability)} all of it"
    )
    shown = table(("Runs up to", "Net", "Max drawdown"), rows, (1, 2))
    return f"<h3>Monte Carlo of {broker}</h3><p>{note}</p>{shown}"


def _figures(told: Summary) -> tuple[str, ...]:
    fall = 0.0 if told.drawdown is None else told.drawdown.depth
    return told.broker, percent(told.total_return), ratio(told.sharpe), percent(fall), str(told.trades.trades)
