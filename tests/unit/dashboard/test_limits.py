"""Each limit is shown with what is used of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alpha_panda.dashboard.account import Account
from alpha_panda.dashboard.limits import Gauge, entry_terms, gauges
from alpha_panda.resources.account_limits import AccountLimits

NOON = datetime(2026, 6, 1, 6, 30, tzinfo=UTC)


def account(equity: int, *curve: int, positions: tuple[dict[str, Any], ...] = (), cash: int = 50_000_00) -> Account:
    points = [(NOON - timedelta(minutes=len(curve) - index), each) for index, each in enumerate(curve)]
    return Account(
        summary={"equity_paise": equity, "starting_cash_paise": 50_000_00, "cash_paise": cash},
        positions=list(positions),
        strategies=[],
        fills=[],
        curve=points,
        as_of=NOON,
        written_at=NOON,
        open_market=True,
    )


def position(quantity: int, price: int, product: str = "MIS", sector: str = "BANK") -> dict[str, Any]:
    return {"quantity": quantity, "price_paise": price, "product": product, "sector": sector}


def named(found: list[Gauge], setting: str) -> Gauge:
    return next(each for each in found if each.setting == setting)


def test_a_loss_of_half_the_limit_fills_half_the_gauge() -> None:
    gauge = named(gauges(account(49_250_00), AccountLimits()), "maxDailyLossPercent")
    assert gauge.share == 0.5
    assert (gauge.used, gauge.limit, gauge.level) == ("1.50 % · ₹750.00", "of 3 %", "calm")


def test_a_profit_uses_nothing_of_the_loss_limit() -> None:
    assert named(gauges(account(51_000_00), AccountLimits()), "maxDailyLossPercent").share == 0


def test_the_fall_counts_from_the_days_highest_equity() -> None:
    gauge = named(gauges(account(52_250_00, 50_000_00, 55_000_00, 53_000_00), AccountLimits()), "drawdownPercent")
    assert (gauge.share, gauge.level) == (1.0, "reached")


def test_positions_count_by_product_and_shorts_have_value_too() -> None:
    held = (position(-100, 100_00), position(10, 100_00, "CNC", "IT"))
    found = gauges(account(50_000_00, positions=held), AccountLimits(max_intraday_positions=1))
    assert named(found, "maxOpenPositions").used == "2"
    assert named(found, "maxIntradayPositions").level == "reached"
    assert named(found, "maxPositionPercent").used == "20.00 % · ₹10,000.00"
    assert named(found, "maxSectorPercent").name == "Largest sector: BANK"


def test_cash_near_the_reserve_is_near_its_limit() -> None:
    gauge = named(gauges(account(50_000_00, cash=1_250_00), AccountLimits()), "minCashReserve")
    assert (gauge.share, gauge.level) == (0.8, "near")


def test_limits_that_are_not_set_are_not_shown() -> None:
    assert "maxPositionValue" not in {each.setting for each in gauges(account(50_000_00), AccountLimits())}
    assert "maxOrderValue" not in {setting for *_, setting in entry_terms(AccountLimits())}
    assert "maxOrderValue" in {setting for *_, setting in entry_terms(AccountLimits(max_order_value="1000"))}
