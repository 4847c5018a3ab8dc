"""Markets that are flat, empty, of one tick or of another century are traded, or refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.backtest.made_up import market, run, setup
from tests.unit.market_feed.replays import BARS, TICKS, bar_line, write

from alpha_panda.backtest.data import examine
from alpha_panda.backtest.page import page
from alpha_panda.backtest.report import account_reports
from alpha_panda.backtest.run import Result, Selection, run_backtest
from alpha_panda.backtest.setup import make_setup
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.errors import InputError
from alpha_panda.market_feed.sources.files import table_files

LEVELS = {"stopLossPercent": "2", "rewardRisk": "2"}


def told(result: Result) -> str:
    """The page, which draws whatever there is."""
    return page(account_reports(result), result)


def test_a_flat_market_is_traded_and_drawn(tmp_path: Path):
    made = setup("Script", {"enterAt": 10_000, "exitAt": 10_000}, levels=LEVELS)
    result = run(made, market(tmp_path, *["100,100,100,100"] * 6))
    (account,) = account_reports(result)
    assert account.trades
    assert account.summary.drawdown is not None
    assert "Price of NSE:YESBANK" in told(result)


def test_a_day_of_one_tick_is_a_session_without_trades(tmp_path: Path):
    path = write(tmp_path, TICKS + "2019-07-09T10:00:00+05:30,100,10\n")
    result = run(setup("TickScript", {"enterAt": 10_000}, levels=LEVELS), path)
    (account,) = account_reports(result)
    assert (account.summary.sessions, account.summary.trades.trades) == (1, 0)
    # One on the tick, and one on the bar that it makes; no later price fills either.
    assert (account.summary.raised, account.summary.drawdown, account.summary.sharpe) == (2, None, None)
    assert "Equity" in told(result)


def test_capital_for_less_than_one_share_is_a_rejection_with_its_reason(tmp_path: Path):
    made = setup("Script", {"enterAt": 10_100}, levels=LEVELS)
    poor = make_setup([*made.brokers, *made.strategies], capital="50")
    result = run(poor, market(tmp_path, "100,101,100,101", "100,100,100,100"))
    (refused,) = account_reports(result)[0].rejections
    assert refused.count == 1
    assert refused.example.startswith("rejected: ")
    assert refused.code in refused.example


def test_rows_of_a_year_without_a_calendar_are_told_with_its_dates(tmp_path: Path):
    good = BARS + bar_line("09:15") + bar_line("09:16")
    path = write(tmp_path, good + bar_line("09:15").replace("2019-07-09", "1999-07-09"))
    found = examine(table_files(path), load_instruments(None), default_calendar(), None, None)
    (problem,) = found.problems
    assert (problem.kind, problem.line) == ("rejected", 4)
    assert "1999-07-09 is outside the session table, which covers" in problem.message


def test_a_file_of_an_unknown_instrument_is_refused(tmp_path: Path):
    path = write(tmp_path, BARS + bar_line("09:15") + bar_line("09:16"), "NOSUCH.csv")
    with pytest.raises(InputError, match="its name says NSE:NOSUCH, which is not in"):
        run_backtest(setup("Script", {}), Selection(path=path), load_instruments(None))
