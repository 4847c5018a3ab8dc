"""Losses trip breakers, which stand until the next period begins; pauses follow trades that went badly."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from tests.support.trading import (
    ACME,
    BOLT,
    NEXT_DAY,
    broker,
    broker_spec,
    feed,
    halt,
    moment,
    price,
    resume,
    risk,
    signal,
    strategy_spec,
)
from tests.unit.risk_manager.positions import account, fill, quoted, refused, sized, trade

from alpha_panda.domain.account_state import AccountState
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import HaltScope
from alpha_panda.events.orders import Leg
from alpha_panda.events.signals import Intent, Product, Side
from alpha_panda.risk_manager.processor import RiskManagerProcessor

EXIT: dict[str, Any] = {"intent": Intent.EXIT, "side": Side.SELL}
FRIDAY, MONDAY = date(2026, 6, 5), date(2026, 6, 8)
NEXT_MONTH = date(2026, 7, 1)


def holding(limits: dict[str, Any], strategies: dict[str, dict[str, Any]] | None = None) -> RiskManagerProcessor:
    """An account of ₹50,000 with 100 units of ACME that were bought at ₹100.00."""
    desk = account(limits, strategies)
    feed(desk, *quoted("09:59:00"), fill("10:00:00", Side.BUY, 100, 10_000))
    return desk


def other(clock: str | datetime, n: int = 0, **fields: Any) -> AnyEvent:  # noqa: ANN401 — any field
    """An entry in another instrument."""
    return signal(clock, n=n, instrument_token=BOLT, **fields)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            {"maxDailyLossPercent": "3"},
            (
                "daily_loss: the account has lost ₹1,500.00 since the day opened with ₹50,000.00, limit 3 % "
                "(account.maxDailyLossPercent); entries again from 2026-06-03 09:15 IST"
            ),
        ),
        (
            {"maxDailyLoss": "1500"},
            (
                "daily_loss: the account has lost ₹1,500.00 since the day opened with ₹50,000.00, limit ₹1,500.00 "
                "(account.maxDailyLoss); entries again from 2026-06-03 09:15 IST"
            ),
        ),
        (
            {"maxWeeklyLossPercent": "3"},
            (
                "weekly_loss: the account has lost ₹1,500.00 since the week opened with ₹50,000.00, limit 3 % "
                "(account.maxWeeklyLossPercent); entries again from 2026-06-08 09:15 IST"
            ),
        ),
        (
            {"maxMonthlyLossPercent": "3"},
            (
                "monthly_loss: the account has lost ₹1,500.00 since the month opened with ₹50,000.00, limit 3 % "
                "(account.maxMonthlyLossPercent); entries again from 2026-07-01 09:15 IST"
            ),
        ),
        (
            {"drawdownPercent": "3"},
            (
                "max_drawdown: the equity has fallen by ₹1,500.00 from the day's highest, ₹50,000.00, limit 3 % "
                "(account.drawdownPercent); entries again from 2026-06-03 09:15 IST"
            ),
        ),
    ],
)
def test_a_loss_of_a_period_lets_only_exits_pass_until_the_next_one(limits: dict[str, Any], message: str) -> None:
    desk = holding(limits)
    feed(desk, price("10:00:01", 8_505))
    assert sized(desk, other("10:00:02"))[0] > 0
    desk = holding(limits)
    feed(desk, price("10:00:01", 8_500))
    assert refused(desk, other("10:00:02")).message == f"rejected: {message}"
    assert sized(desk, signal("10:00:03", **EXIT)) == (100, "position")


@pytest.mark.parametrize(
    ("limits", "still", "again"),
    [
        ({"maxDailyLossPercent": "3"}, "15:29:59", moment("09:15:00", NEXT_DAY)),
        ({"maxWeeklyLossPercent": "3"}, moment("15:29:59", FRIDAY), moment("09:15:00", MONDAY)),
        ({"maxMonthlyLossPercent": "3"}, moment("15:29:59", date(2026, 6, 30)), moment("09:15:00", NEXT_MONTH)),
    ],
)
def test_a_breaker_stands_until_the_first_session_of_the_next_period(
    limits: dict[str, Any], still: str | datetime, again: datetime
) -> None:
    desk = holding(limits)
    feed(desk, price("10:00:01", 8_000), price("10:00:02", 10_000))
    assert refused(desk, other(still, product=Product.CNC)).code.endswith("_loss")
    assert sized(desk, other(again, product=Product.CNC))[0] > 0


def test_a_breaker_that_tripped_survives_recovery_a_wider_limit_and_a_restart() -> None:
    desk = holding({"maxDailyLossPercent": "3"})
    feed(desk, price("10:00:01", 8_000), price("10:00:02", 10_500))
    assert refused(desk, other("10:00:03")).code == "daily_loss"
    feed(desk, broker(broker_spec()))
    assert refused(desk, other("10:00:04", 1)).code == "daily_loss"
    again = risk()
    again.restore(desk.snapshot())
    assert again.state == desk.state
    assert refused(again, other("10:00:05", 2)).code == "daily_loss"


def test_a_tighter_limit_trips_at_the_next_signal() -> None:
    desk = holding({})
    feed(desk, price("10:00:01", 9_000))
    assert sized(desk, other("10:00:02"))[0] > 0
    feed(desk, broker(broker_spec(account={"maxDailyLossPercent": "1"})))
    assert "daily_loss" in [each.code for each in refused(desk, other("10:00:03", 1)).reasons]


def test_the_drawdown_is_from_the_days_highest_equity() -> None:
    desk = holding({"drawdownPercent": "5"})
    feed(desk, price("10:00:01", 15_000), price("10:00:02", 12_255))
    assert sized(desk, other("10:00:03"))[0] > 0
    feed(desk, price("10:00:04", 12_250))
    found = refused(desk, other("10:00:05", 1))
    assert (found.code, found.value) == ("max_drawdown", "₹2,750.00")


def test_what_prices_do_overnight_belongs_to_the_new_day() -> None:
    desk = holding({"maxDailyLossPercent": "3"})
    feed(desk, price(moment("09:15:01", NEXT_DAY), 8_500))
    assert "2026-06-04 09:15" in refused(desk, other(moment("09:15:02", NEXT_DAY))).message


def test_cash_that_is_paid_in_or_out_is_neither_profit_nor_loss() -> None:
    desk = holding({"maxDailyLossPercent": "3", "drawdownPercent": "5"})
    limits = {"maxDailyLossPercent": "3", "drawdownPercent": "5"}
    feed(desk, broker(broker_spec(account=limits, paper={"startingCash": "20000"})))
    assert sized(desk, other("10:00:01"))[0] > 0


def test_a_strategy_that_lost_too_much_waits_and_others_go_on() -> None:
    desk = holding({}, {"mo": strategy_spec(risk={"maxDailyLoss": "500"})})
    feed(desk, price("10:00:01", 9_500))
    assert refused(desk, other("10:00:02")).message == (
        "rejected: strategy_daily_loss: mo has lost ₹500.00 since the day opened, limit ₹500.00 (risk.maxDailyLoss); "
        "entries again from 2026-06-03 09:15 IST"
    )
    assert sized(desk, other("10:00:03", strategy="re"))[0] > 0
    assert sized(desk, signal("10:00:04", **EXIT)) == (100, "position")


def test_a_closed_loss_counts_like_an_open_one() -> None:
    desk = holding({"maxDailyLossPercent": "3"}, {"mo": strategy_spec(risk={"maxDailyLoss": "500"})})
    feed(desk, fill("10:00:01", Side.SELL, 100, 8_500, leg=Leg.STOP))
    codes = [each.code for each in refused(desk, other("10:00:02")).reasons]
    assert codes == ["daily_loss", "strategy_daily_loss"]


def test_an_account_is_active_reducing_or_halted() -> None:
    desk = holding({"maxDailyLossPercent": "3"})
    list(desk.on_watermark(moment("10:00:01")))
    assert desk.account is AccountState.ACTIVE
    feed(desk, price("10:00:02", 8_000))
    list(desk.on_watermark(moment("10:00:03")))
    assert desk.account is AccountState.REDUCING
    assert (desk.diagnostics()["account_reducing"], desk.diagnostics()["locks"]) == (1, 1)
    feed(desk, halt(HaltScope.ALL))
    assert desk.account is AccountState.HALTED
    feed(desk, resume(HaltScope.ALL))
    list(desk.on_watermark(moment("09:15:00", NEXT_DAY)))
    assert desk.account is AccountState.ACTIVE
    assert not desk.state.locks


def paused(protections: dict[str, Any], *trades: list[AnyEvent]) -> RiskManagerProcessor:
    """An account with these protections after these trades."""
    desk = account({"protections": protections})
    for each in trades:
        feed(desk, *each)
    return desk


def test_an_instrument_rests_after_a_position_in_it_was_closed() -> None:
    desk = paused({"cooldownMinutes": 5}, trade("10:00:00", "10:01:00", 1_000))
    assert refused(desk, signal("10:05:59", strategy="re")).message == (
        "rejected: cooldown: a position in this instrument was closed less than 5 min ago "
        "(account.protections.cooldownMinutes); entries again from 2026-06-02 10:06 IST"
    )
    assert sized(desk, other("10:05:59"))[0] > 0
    assert sized(desk, signal("10:06:00", n=1))[0] > 0


def test_many_stops_in_a_short_time_pause_the_account() -> None:
    guard = {"stopLossGuard": {"stops": 2, "lookbackMinutes": 30, "pauseMinutes": 60}}
    first = trade("10:00:00", "10:01:00", -1_000, leg=Leg.STOP)
    second = trade("10:02:00", "10:30:00", -1_000, leg=Leg.STOP, who="re", token=BOLT)
    assert sized(paused(guard, first), signal("10:30:01"))[0] > 0
    assert refused(paused(guard, first, second), signal("10:30:01")).message == (
        "rejected: stop_loss_guard: 2 stops of the account were hit within 30 min, limit 2 "
        "(account.protections.stopLossGuard); entries again from 2026-06-02 11:30 IST"
    )
    late = trade("10:02:00", "10:31:00", -1_000, leg=Leg.STOP, token=BOLT)
    assert sized(paused(guard, first, late), signal("10:31:01"))[0] > 0
    closed = trade("10:02:00", "10:30:00", -1_000, token=BOLT)
    assert sized(paused(guard, first, closed), signal("10:30:01"))[0] > 0


def test_a_guard_of_each_instrument_leaves_the_others_alone() -> None:
    guard = {"stopLossGuard": {"stops": 1, "lookbackMinutes": 30, "pauseMinutes": 60, "onlyInstrument": True}}
    desk = paused(guard, trade("10:00:00", "10:01:00", -1_000, leg=Leg.STOP))
    assert refused(desk, signal("10:02:00")).code == "stop_loss_guard"
    assert sized(desk, other("10:02:00"))[0] > 0


def test_an_instrument_that_does_not_earn_is_left_alone() -> None:
    rule = {"lowProfit": {"trades": 2, "lookbackMinutes": 60, "pauseMinutes": 30, "minProfit": "20"}}
    first, second = trade("10:00:00", "10:01:00", 1_000), trade("10:02:00", "10:03:00", 990)
    assert refused(paused(rule, first, second), signal("10:04:00")).message == (
        "rejected: low_profit: 2 trades of the account in this instrument made ₹19.90 within 60 min, less than ₹20.00 "
        "(account.protections.lowProfit); entries again from 2026-06-02 10:33 IST"
    )
    assert sized(paused(rule, first), signal("10:04:00"))[0] > 0
    assert sized(paused(rule, first, trade("10:02:00", "10:03:00", 1_000)), signal("10:04:00"))[0] > 0


def test_losses_in_a_row_pause_the_strategy_that_made_them() -> None:
    rule = {"protections": {"consecutiveLosses": {"losses": 2, "pauseMinutes": 30}}}
    desk = account({}, {"mo": strategy_spec(risk=rule)})
    won = trade("10:02:00", "10:03:00", 10, who="re", token=BOLT)
    feed(desk, *trade("10:00:00", "10:01:00", -10), *won, *trade("10:04:00", "10:05:00", -10))
    assert refused(desk, signal("10:06:00")).message == (
        "rejected: consecutive_losses: the last 2 trades of mo lost (risk.protections.consecutiveLosses); "
        "entries again from 2026-06-02 10:35 IST"
    )
    assert sized(desk, signal("10:06:01", strategy="re", instrument_token=BOLT))[0] > 0
    assert sized(desk, signal("10:35:00", n=1))[0] > 0


def test_a_pause_keeps_no_exit_in() -> None:
    desk = paused({"cooldownMinutes": 60}, trade("10:00:00", "10:01:00", -1_000))
    feed(desk, fill("10:02:00", Side.BUY, 10, 10_000, token=ACME))
    assert sized(desk, signal("10:03:00", **EXIT)) == (10, "position")
