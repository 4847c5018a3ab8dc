"""What the Broker's resource says about the account, in the domain's terms. Strategies' are in `strategy_terms`."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import msgspec
from pydantic import ValidationError

from alpha_panda.domain.entry_size import worst_multiple
from alpha_panda.domain.limits import (
    AccountTerms,
    Limits,
    LosingStreak,
    LossLimits,
    LowProfit,
    ProtectionTerms,
    StopLossGuard,
)
from alpha_panda.domain.money import percent
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.resources.account_limits import AccountLimits
from alpha_panda.resources.broker import BrokerSpec
from alpha_panda.resources.fields import paise
from alpha_panda.resources.problems import in_one_line
from alpha_panda.resources.protections import Protections


class BrokerTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A Broker's resource as the risk manager needs it."""

    account: AccountTerms
    starting_cash_paise: int
    slippage: Fraction
    worst: Fraction
    """What an order at the market may pay, of the price that it is reckoned at."""
    charges_as_of: date | None
    live: bool


def read_broker(name: str, spec: dict[str, Any] | None) -> BrokerTerms | Refusal:
    """The Broker's terms, or why no signal may pass."""
    if spec is None:
        return _refusal("broker_deleted", name, f"Broker {name} is deleted: nothing may trade on it")
    try:
        parsed = BrokerSpec.model_validate_json(msgspec.json.encode(spec), strict=True)
    except ValidationError as error:
        return _refusal("broker_invalid", name, f"Broker {name} has a bad spec: {in_one_line(error, BrokerSpec)}")
    funds = parsed.funds
    slippage = percent(funds.slippage_bps) / 100
    return BrokerTerms(
        account=_account(parsed.account, halted=parsed.halted),
        starting_cash_paise=paise(funds.cash),
        slippage=slippage,
        worst=worst_multiple(slippage),
        charges_as_of=funds.charges.as_of,
        live=parsed.live,
    )


def unknown_broker(name: str) -> Refusal:
    """Why no signal may pass before the Broker's resource was seen."""
    return _refusal("broker_unknown", name, f"no Broker {name} was applied yet: nothing may trade on it")


def protection_terms(given: Protections) -> ProtectionTerms:
    """An account's or a strategy's pauses."""
    stops, low, losses = given.stop_loss_guard, given.low_profit, given.consecutive_losses
    return ProtectionTerms(
        cooldown=None if given.cooldown_minutes is None else _minutes(given.cooldown_minutes),
        stop_loss_guard=None
        if stops is None
        else StopLossGuard(
            stops=stops.stops,
            lookback=_minutes(stops.lookback_minutes),
            pause=_minutes(stops.pause_minutes),
            only_instrument=stops.only_instrument,
        ),
        low_profit=None
        if low is None
        else LowProfit(
            trades=low.trades,
            lookback=_minutes(low.lookback_minutes),
            pause=_minutes(low.pause_minutes),
            least_paise=paise(low.min_profit),
        ),
        losing_streak=None
        if losses is None
        else LosingStreak(losses=losses.losses, pause=_minutes(losses.pause_minutes)),
    )


def optional_paise(money: str | None) -> int | None:
    """Paise of a limit that may be absent."""
    return None if money is None else paise(money)


def _account(limits: AccountLimits, *, halted: bool) -> AccountTerms:
    return AccountTerms(
        halted=halted,
        limits=Limits(
            where="account",
            max_position_value_paise=optional_paise(limits.max_position_value),
            max_order_value_paise=optional_paise(limits.max_order_value),
            max_open_positions=limits.max_open_positions,
            max_orders_per_minute=limits.max_orders_per_minute,
        ),
        max_swing_positions=limits.max_swing_positions,
        max_intraday_positions=limits.max_intraday_positions,
        position=percent(limits.max_position_percent),
        risk=percent(limits.max_risk_percent),
        sector=percent(limits.max_sector_percent),
        reserve_paise=paise(limits.min_cash_reserve),
        reward_risk=Fraction(limits.min_reward_risk) or None,
        edge=None if limits.min_edge_multiple is None else Fraction(limits.min_edge_multiple),
        price_deviation=percent(limits.max_price_deviation_percent),
        data_age=timedelta(seconds=limits.max_data_age_seconds) or None,
        data_gap=None if limits.max_data_gap_seconds is None else timedelta(seconds=limits.max_data_gap_seconds),
        losses=_losses(limits),
        protections=protection_terms(limits.protections),
    )


def _losses(limits: AccountLimits) -> LossLimits:
    return LossLimits(
        day=percent(limits.max_daily_loss_percent),
        day_paise=optional_paise(limits.max_daily_loss),
        week=percent(limits.max_weekly_loss_percent),
        month=percent(limits.max_monthly_loss_percent),
        drawdown=percent(limits.drawdown_percent),
    )


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def _refusal(code: str, broker: str, says: str) -> Refusal:
    return Refusal(code=code, value=broker, limit="a Paper Broker", message=f"rejected: {code}: {says}")
