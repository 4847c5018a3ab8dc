"""Each limit of an account beside what is used of it: the resource's numbers and the present figures. Pure."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Final, Literal

import msgspec

from alpha_panda.dashboard.account import Account, value_paise
from alpha_panda.dashboard.wording import percent, rupees
from alpha_panda.domain.money import paise_of_rupees
from alpha_panda.resources.account_limits import AccountLimits

NEAR: Final = 0.75
"""From here on a limit is near."""


class Gauge(msgspec.Struct, frozen=True, kw_only=True):
    """A limit with what is used of it; `share` is 1 where it is reached."""

    name: str
    used: str
    limit: str
    """With the word before it: what is used is `of` a limit, and what must be left is `at least` one."""
    share: float
    setting: str
    """Where it is set, in `spec.account` of the Broker."""

    @property
    def level(self) -> Literal["calm", "near", "reached"]:
        """How close it is."""
        if self.share >= 1:
            return "reached"
        return "near" if self.share >= NEAR else "calm"


def gauges(account: Account, limits: AccountLimits) -> list[Gauge]:
    """The limits on losses, then those on what is held."""
    return [*_losses(account, limits), *_holdings(account, limits)]


def entry_terms(limits: AccountLimits) -> list[tuple[str, str, str]]:
    """What each entry is held to by itself: name, bound and setting."""
    found = [
        ("Risk of one trade at its stop", f"at most {limits.max_risk_percent} % of the equity", "maxRiskPercent"),
        ("Reward against risk", f"at least {limits.min_reward_risk}", "minRewardRisk"),
        (
            "Price away from the last trade",
            f"at most {limits.max_price_deviation_percent} %",
            "maxPriceDeviationPercent",
        ),
        ("Age of the last price", f"at most {limits.max_data_age_seconds} s", "maxDataAgeSeconds"),
    ]
    if limits.max_orders_per_minute is not None:
        found.append(("Orders in a minute", f"at most {limits.max_orders_per_minute}", "maxOrdersPerMinute"))
    if limits.max_order_value is not None:
        found.append(("Value of one order", f"at most ₹{limits.max_order_value}", "maxOrderValue"))
    if limits.min_edge_multiple is not None:
        found.append(
            ("Profit at the target", f"at least {limits.min_edge_multiple} times its costs", "minEdgeMultiple")
        )
    return found


def _losses(account: Account, limits: AccountLimits) -> list[Gauge]:
    opening, fall = account.opening_paise, account.peak_paise - account.equity_paise
    loss = max(-account.day_profit_paise, 0)
    found = [
        _of_base("Loss of the day", loss, opening, limits.max_daily_loss_percent, "maxDailyLossPercent"),
        _of_base("Fall from the day's peak", fall, account.peak_paise, limits.drawdown_percent, "drawdownPercent"),
    ]
    if limits.max_daily_loss is not None:
        found.insert(1, _of_value("Loss of the day, in rupees", loss, limits.max_daily_loss, "maxDailyLoss"))
    return found


def _holdings(account: Account, limits: AccountLimits) -> list[Gauge]:
    held = account.positions
    values = [value_paise(each) for each in held]
    sectors: defaultdict[str, int] = defaultdict(int)
    for each in held:
        sectors[each["sector"]] += value_paise(each)
    fullest = max(sectors, key=lambda name: sectors[name], default=None)
    equity, largest = account.equity_paise, max(values, default=0)
    sector = "Largest sector" if fullest is None else f"Largest sector: {fullest}"
    found = [
        _count("Open positions", len(held), limits.max_open_positions, "maxOpenPositions"),
        _count("Within the day (MIS)", _of(held, "MIS"), limits.max_intraday_positions, "maxIntradayPositions"),
        _count("Over days (CNC)", _of(held, "CNC"), limits.max_swing_positions, "maxSwingPositions"),
        _of_base("Largest position", largest, equity, limits.max_position_percent, "maxPositionPercent"),
        _of_base(sector, max(sectors.values(), default=0), equity, limits.max_sector_percent, "maxSectorPercent"),
        _reserve(account, limits),
    ]
    if limits.max_position_value is not None:
        found.append(_of_value("Largest position, in rupees", largest, limits.max_position_value, "maxPositionValue"))
    return found


def _reserve(account: Account, limits: AccountLimits) -> Gauge:
    cash, reserve = int(account.summary["cash_paise"]), paise_of_rupees(limits.min_cash_reserve)
    share = reserve / cash if cash > 0 else 1.0
    limit = f"at least {rupees(reserve)}"
    return Gauge(name="Cash left", used=rupees(cash), limit=limit, share=share, setting="minCashReserve")


def _of(held: list[dict[str, object]], product: str) -> int:
    return sum(each["product"] == product for each in held)


def _count(name: str, used: int, limit: int, setting: str) -> Gauge:
    return Gauge(name=name, used=str(used), limit=f"of {limit}", share=used / limit, setting=setting)


def _of_base(name: str, used_paise: int, base_paise: int, limit: str, setting: str) -> Gauge:
    part = used_paise / base_paise if base_paise > 0 else 0.0
    used = f"{percent(part)} · {rupees(used_paise)}"
    return Gauge(name=name, used=used, limit=f"of {limit} %", share=part / float(Decimal(limit) / 100), setting=setting)


def _of_value(name: str, used_paise: int, limit: str, setting: str) -> Gauge:
    limit_paise = paise_of_rupees(limit)
    share = used_paise / limit_paise if limit_paise else 1.0
    return Gauge(name=name, used=rupees(used_paise), limit=f"of {rupees(limit_paise)}", share=share, setting=setting)
