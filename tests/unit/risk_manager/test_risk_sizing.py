"""A strategy's method says how much it asks for: by the stop, by Kelly, or by the range of the market."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.trading import feed, signal, strategy_spec
from tests.unit.risk_manager.positions import account, refused, sized, trade

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.risk_manager.processor import RiskManagerProcessor


def desk(sizing: dict[str, Any], *trades: list[AnyEvent]) -> RiskManagerProcessor:
    """An account of ₹50,000 on which `mo` is sized so, after these trades."""
    found = account({}, {"mo": strategy_spec(sizing=sizing)})
    for each in trades:
        feed(found, *each)
    return found


def test_volatility_reckons_with_a_move_of_some_ranges() -> None:
    sizing = {"method": "Volatility", "riskPercent": "1", "atrMultiple": "2.5"}
    assert sized(desk(sizing), signal("10:00:00", atr_paise=400)) == (50, "volatility")
    assert sized(desk(sizing), signal("10:00:00", atr_paise=400, stop_loss_paise=9_990)) == (50, "volatility")


def test_volatility_without_a_range_is_refused() -> None:
    assert refused(desk({"method": "Volatility"}), signal("10:00:00")).message == (
        "rejected: atr_missing: mo gives no average true range to size by (sizing.method)"
    )


@pytest.mark.parametrize(
    ("kelly", "quantity"),
    [
        ({"winRatePercent": "50", "payoff": "2", "maxPercent": "100"}, 312),
        ({"winRatePercent": "50", "payoff": "2"}, 100),
        ({"winRatePercent": "50", "payoff": "2", "fraction": "4"}, 50),
        ({"winRatePercent": "40", "payoff": "2", "maxPercent": "10"}, 125),
    ],
)
def test_kelly_stakes_a_fraction_of_what_given_rates_are_worth(kelly: dict[str, str], quantity: int) -> None:
    """Of ₹50,000 at ₹10.00 a unit: a quarter of Kelly's 25 % is 312 units, the usual cap of 2 % is 100."""
    found = sized(desk({"method": "Kelly", "kelly": kelly}), signal("10:00:00", stop_loss_paise=9_000))
    assert found == (quantity, "kelly")


def test_kelly_goes_by_the_strategys_own_trades_once_there_are_enough() -> None:
    kelly = {"minTrades": 3, "maxPercent": "100", "fraction": "10"}
    won = [trade(f"09:{minute}:00", f"09:{minute}:30", 2_000) for minute in (20, 22)]
    lost = trade("09:24:00", "09:24:30", -1_000)
    early = refused(desk({"method": "Kelly", "kelly": kelly}, *won), signal("10:00:00"))
    assert early.message == (
        "rejected: kelly_unknown: 2 closed trades of 3 that Kelly's stake needs (sizing.kelly.minTrades), and no rates "
        "are given until then (sizing.kelly.winRatePercent, payoff)"
    )
    ready = desk({"method": "Kelly", "kelly": kelly}, *won, lost)
    assert sized(ready, signal("10:00:00", stop_loss_paise=9_000)) == (250, "kelly")


def test_kelly_does_not_count_what_other_strategies_won() -> None:
    kelly = {"minTrades": 2}
    others = [trade(f"09:{minute}:00", f"09:{minute}:30", 2_000, who="re") for minute in (20, 22)]
    assert refused(desk({"method": "Kelly", "kelly": kelly}, *others), signal("10:00:00")).code == "kelly_unknown"


def test_kelly_stakes_nothing_on_a_strategy_that_loses() -> None:
    kelly = {"minTrades": 2}
    trades = [trade("09:20:00", "09:20:30", 1_000), trade("09:22:00", "09:22:30", -2_000)]
    assert refused(desk({"method": "Kelly", "kelly": kelly}, *trades), signal("10:00:00")).message == (
        "rejected: kelly_no_edge: by its last 2 trades it wins 50.0% at a payoff of 0.50: Kelly stakes nothing on that"
    )


def test_kelly_of_nothing_but_wins_is_the_win_rate() -> None:
    kelly = {"minTrades": 2, "maxPercent": "2"}
    trades = [trade(f"09:{minute}:00", f"09:{minute}:30", 1_000) for minute in (20, 22)]
    assert sized(desk({"method": "Kelly", "kelly": kelly}, *trades), signal("10:00:00")) == (200, "kelly")


def test_whatever_the_method_asks_for_a_trade_never_risks_more_than_the_account_allows() -> None:
    found = account({"maxRiskPercent": "2"}, {"mo": strategy_spec(sizing={"method": "Volatility", "riskPercent": "5"})})
    assert sized(found, signal("10:00:00", atr_paise=5)) == (200, "max_risk_per_trade")
