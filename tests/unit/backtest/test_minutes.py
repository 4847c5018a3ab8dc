"""The quick backtest of minute bars: the day of the examples, and what it spares itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.property.test_minutes_property import Kept
from tests.unit.backtest.made_up import market, setup

from alpha_panda.backtest.engine import Engine
from alpha_panda.backtest.minutes import MinuteEngine
from alpha_panda.backtest.parity import compare
from alpha_panda.backtest.run import Selection, source_of
from alpha_panda.backtest.setup import Setup, make_setup
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.errors import InputError
from alpha_panda.events.market import Timeframe
from alpha_panda.events.orders import OrderFilled
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.market_feed.sources.replay import ReplaySource

EXAMPLES = Path(__file__).parents[3] / "examples"


def of_examples() -> Setup:
    return make_setup([each.resource for each in read_resources([str(EXAMPLES)])])


def source(path: Path) -> ReplaySource:
    return source_of(Selection(path=path), load_instruments(None), default_calendar())


def quick(made: Setup, path: Path) -> Kept:
    kept = Kept(Timeframe.M15)
    engine = MinuteEngine(made.names, made.configured(), load_instruments(None), default_calendar())
    engine.run(source(path).bar_days(), kept)
    return kept


def whole(made: Setup, path: Path) -> Kept:
    kept = Kept(Timeframe.M15)
    engine = Engine(made.names, made.configured(), load_instruments(None), default_calendar())
    engine.run(source(path).epochs(), kept.record)
    return kept


def without_snapshots(kept: Kept) -> list[AnyEvent]:
    return [each for each in kept.events if not isinstance(each.data, PnlSnapshot)]


def test_the_real_day_is_traded_event_for_event_as_by_the_whole_engine() -> None:
    """Two strategies on real minutes: the 22 fills that `panda up` prints."""
    path = EXAMPLES / "market"
    expected, found = whole(of_examples(), path), quick(of_examples(), path)
    comparison = compare(without_snapshots(expected), without_snapshots(found))
    assert comparison.agrees
    assert comparison.equal["OrderFilled"] == 22
    assert found.bars == expected.bars
    (name,) = expected.accounts
    assert found.accounts[name].equity == expected.accounts[name].equity
    assert found.accounts[name].last == expected.accounts[name].last


def test_an_account_in_which_only_prices_move_makes_no_event(tmp_path: Path) -> None:
    """Bought at 101, with levels far away: two dozen minutes later only its worth was told."""
    prices = ["100,100,100,100", "100,101,100,101", "101,101,101,101", *["101,102,100,101.5", "101,102,100,100.5"] * 12]
    made = setup("Script", {"enterAt": 10_100}, levels={"stopLossPercent": "20", "rewardRisk": "2"})
    path = market(tmp_path, *prices)
    found, expected = quick(made, path), whole(made, path)
    assert any(isinstance(each.data, OrderFilled) for each in found.events)
    assert found.accounts["paper"].equity == expected.accounts["paper"].equity
    said = sum(isinstance(each.data, PnlSnapshot) for each in found.events)
    assert said < 5 < len(found.accounts["paper"].equity)


@pytest.mark.parametrize(("script", "suits"), [("Script", True), ("TickScript", False)])
def test_a_strategy_that_listens_to_ticks_is_for_the_whole_engine(script: str, *, suits: bool) -> None:
    made = setup(script, {"enterAt": 10_100})
    engine = MinuteEngine(made.names, made.configured(), load_instruments(None), default_calendar())
    assert engine.suits is suits


def test_ticks_are_no_days_of_bars(tmp_path: Path) -> None:
    path = tmp_path / "YESBANK.csv"
    path.write_text("timestamp,price,volume\n2019-07-09T10:00:00+05:30,100,10\n")
    with pytest.raises(InputError, match="holds ticks"):
        source(path).bar_days()
