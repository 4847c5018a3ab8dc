"""Sweeps try every combination, walking forward judges a choice on days that it did not see."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from alpha_panda.backtest.report import account_reports
from alpha_panda.backtest.run import Selection, run_backtest
from alpha_panda.backtest.setup import Setup, make_setup, with_params
from alpha_panda.backtest.sweep import Job, Workers, combinations, run_trials
from alpha_panda.backtest.walk import spans, walk_forward
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.errors import InputError

EXAMPLES = Path(__file__).parents[3] / "examples"
DAYS = Path(__file__).parents[2] / "fixtures" / "market" / "yesbank"
TABLE = load_instruments(None)


@pytest.fixture(scope="module")
def setup() -> Setup:
    return make_setup([each.resource for each in read_resources([str(EXAMPLES)])])


def test_combinations_are_every_value_with_every_other(setup: Setup):
    found = combinations(["momentum.lookback=10,15", "momentum.allowShort=true,false"], setup)
    assert [list(each.values()) for each in found] == [[10, True], [10, False], [15, True], [15, False]]
    changed = with_params(setup, found[1]).strategies
    params = {each.metadata.name: each.spec.params for each in changed}
    assert (params["momentum"]["lookback"], params["momentum"]["allowShort"]) == (10, False)
    assert params["ema-cross-1m"]["allowShort"] is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lookback", "--sweep 'lookback' names no values"),
        ("=1,2", "--sweep '=1,2' names no values"),
        ("lookback=1,,2", "--sweep 'lookback=1,,2': '' is no value"),
        ("nobody.lookback=1", "nobody.lookback: there is no Strategy nobody"),
        ("momentum.lookback=-1", "lookback"),
        ("momentum.nonsense=1", "nonsense"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(setup: Setup, text: str, message: str):
    with pytest.raises(InputError, match=message.replace(".", r"\.").replace("(", r"\(")):
        combinations([text], setup)


def test_a_sweep_in_processes_gives_what_one_process_gives_best_first(setup: Setup):
    job = Job(setup=setup, selection=Selection(path=EXAMPLES / "market"), instruments=TABLE)
    found = combinations(["momentum.lookback=5,15"], setup)
    told: list[int] = []
    with Workers(2) as many, Workers(1) as one:
        trials = run_trials(many, job, found, told.append)
        assert trials == run_trials(one, job, found)
    assert sum(told) == 2
    assert trials[0].score > trials[1].score


def test_spans_share_the_sessions_and_leave_none_out():
    sessions = [each for each in default_calendar() if each.date.year == 2025][:11]
    found = spans(sessions, 2)
    assert [first for first, _ in found] == [sessions[0].date, sessions[4].date, sessions[8].date]
    assert [last for _, last in found] == [sessions[3].date, sessions[7].date, sessions[10].date]
    with pytest.raises(InputError, match="needs 12 sessions at least; the data have 11"):
        spans(sessions, 11)


def test_walking_forward_trades_the_best_of_one_day_on_the_next(setup: Setup):
    job = Job(setup=setup, selection=Selection(path=DAYS), instruments=TABLE)
    days = [(date(2019, 7, day), date(2019, 7, day)) for day in (9, 10, 11)]
    found = combinations(["momentum.lookback=5,15"], setup)
    told: list[int] = []
    workers = Workers(1)
    walked = walk_forward(workers, job, found, days, told.append)
    assert sum(told) == 2 * (2 + 1)
    for fold, chosen, traded in zip(walked.folds, days, days[1:], strict=False):
        before = Selection(path=DAYS, first=chosen[0], last=chosen[1])
        assert fold.values == run_trials(workers, replace(job, selection=before), found)[0].values
        after = Selection(path=DAYS, first=traded[0], last=traded[1])
        (judged,) = account_reports(run_backtest(with_params(setup, fold.values), after, TABLE))
        assert fold.summaries == (judged.summary,)
        assert judged.summary.first == traded[0]
    gained = 1.0
    for fold in walked.folds:
        gained *= 1 + (fold.summaries[0].total_return or 0)
    assert walked.total_returns == {"paper": pytest.approx(gained - 1)}
