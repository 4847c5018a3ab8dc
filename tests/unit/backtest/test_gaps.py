"""What happens to stops and targets between the prices that bars tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.backtest.made_up import market, run, setup

from alpha_panda.domain.analytics.trades import Trade
from alpha_panda.events.orders import Leg

FLAT = "100,100,100,100"
SIGNAL = "100,101,100,101"
"""Closes at 101, where the script enters; the next bar's open fills it."""
FILLED = "101,101,101,101"


def only_trade(tmp_path: Path, *bars: str) -> Trade:
    made = setup("Script", {"enterAt": 10_100}, levels={"stopLossPercent": "2", "rewardRisk": "2"})
    (trade,) = run(made, market(tmp_path, FLAT, SIGNAL, *bars)).recorder.accounts["paper"].journal.closed
    assert trade.entry_turnover_paise == 10_100 * trade.quantity
    assert trade.stop_loss_paise is not None
    return trade


@pytest.mark.parametrize(
    ("bar", "leg", "paise"),
    [
        ("90,92,88,91", Leg.STOP, 9_000),
        ("110,111,109,110", Leg.TARGET, 11_000),
        ("100,100.5,98,99", Leg.STOP, 9_895),
        ("104,105.5,98,104", Leg.TARGET, 10_510),
    ],
    ids=["gap below the stop", "gap above the target", "stop inside a bar", "both in a bar: the nearer extreme first"],
)
def test_a_level_fills_where_a_bar_comes_through_it_and_behind_a_gap_at_the_open(
    tmp_path: Path, bar: str, leg: Leg, paise: int
):
    """The stop is at 98.95, the target at 105.10: a market that opens at 90 sells at 90, and never offered 98.95."""
    trade = only_trade(tmp_path, FILLED, bar, FLAT)
    assert (trade.exit_leg, trade.exit_turnover_paise // trade.quantity) == (leg, paise)


def test_a_position_over_the_night_is_sold_at_the_next_days_open(tmp_path: Path):
    made = setup(
        "Script",
        {"enterAt": 10_100},
        levels={"stopLossPercent": "2", "rewardRisk": "2"},
        product="CNC",
        timeframes=["1d"],
    )
    days = ["09T00:00:00", "10T00:00:00", "11T00:00:00"]
    bars = ["100,102,100,101", "101,102,100,101.5", "80,85,79,84"]
    path = tmp_path / "YESBANK.csv"
    lines = [f"2019-07-{day}+05:30,{prices},100000\n" for day, prices in zip(days, bars, strict=True)]
    path.write_text("timestamp,open,high,low,close,volume\n" + "".join(lines))
    (trade,) = run(made, path).recorder.accounts["paper"].journal.closed
    assert trade.entered_at.isoformat() == "2019-07-10T03:51:15+00:00"
    assert (trade.exit_leg, trade.exit_turnover_paise) == (Leg.STOP, 8_000 * trade.quantity)


def test_a_strategy_on_ticks_is_traded_and_fills_after_its_tick(tmp_path: Path):
    made = setup("TickScript", {"enterAt": 10_100}, levels={"stopLossPercent": "2", "rewardRisk": "2"})
    result = run(made, market(tmp_path, FLAT, "100,101,100,100.5", FILLED, "90,90,90,90"))
    (trade,) = result.recorder.accounts["paper"].journal.closed
    assert trade.entry_reason.startswith("tick at ")
    assert trade.entered_at.isoformat() == "2019-07-09T03:47:01+00:00"


def test_a_strategy_that_raises_is_stopped_and_told(tmp_path: Path):
    result = run(setup("Script", {"raiseAt": 10_100}), market(tmp_path, FLAT, SIGNAL, FILLED))
    (said,) = result.problems
    assert "strategy script is quarantined: raised in on_bar" in said
    assert "nothing to divide by" in said
