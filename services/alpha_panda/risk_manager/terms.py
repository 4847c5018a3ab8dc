"""What the resources say about the account and each strategy on it, in the domain's terms."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import msgspec
from pydantic import ValidationError

from alpha_panda.domain.money import percent
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.domain.risk import AccountTerms, Limits, StrategyTerms
from alpha_panda.resources.broker import AccountLimits, BrokerSpec, BrokerType
from alpha_panda.resources.fields import paise
from alpha_panda.resources.problems import in_one_line
from alpha_panda.resources.strategy import Mode, StrategyRisk, StrategySpec, StrategyState


class BrokerTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A Paper Broker's resource as the risk manager needs it."""

    account: AccountTerms
    starting_cash_paise: int
    slippage: Fraction
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
    if parsed.type is not BrokerType.PAPER:
        says = f"the cash of Broker {name} of type {parsed.type} is not known: only Paper Brokers are sized"
        return _refusal("cash_unknown", name, says)
    settings = parsed.paper_settings()
    return BrokerTerms(
        account=AccountTerms(halted=parsed.halted, limits=_account_limits(parsed.account)),
        starting_cash_paise=paise(settings.starting_cash),
        slippage=percent(settings.slippage_bps) / 100,
        charges_as_of=settings.charges.as_of,
        live=parsed.live,
    )


def unknown_broker(name: str) -> Refusal:
    """Why no signal may pass before the Broker's resource was seen."""
    return _refusal("broker_unknown", name, f"no Broker {name} was applied yet: nothing may trade on it")


def read_strategy(spec: dict[str, Any], broker: str, *, live: bool) -> StrategyTerms:
    """The strategy's terms on this Broker; one whose spec is bad or that does not belong here is not running."""
    try:
        parsed = StrategySpec.model_validate_json(msgspec.json.encode(spec), strict=True)
    except ValidationError as error:
        state = f"invalid: {in_one_line(error, StrategySpec)}"
        return StrategyTerms(state=state, instruments=frozenset(), risk=Fraction(0), limits=Limits(where="risk"))
    return StrategyTerms(
        state=_state(parsed, broker, live=live),
        instruments=frozenset(str(each) for each in parsed.instruments),
        risk=percent(parsed.sizing.risk_percent),
        limits=_strategy_limits(parsed.risk),
    )


def _state(spec: StrategySpec, broker: str, *, live: bool) -> str:
    if broker not in spec.brokers:
        return f"not on Broker {broker}"
    if (spec.mode is Mode.LIVE) != live:
        return f"of mode {spec.mode} on a Broker that is {'live' if live else 'not live'}"
    return str(StrategyState(spec.state))


def _account_limits(limits: AccountLimits) -> Limits:
    return Limits(
        where="account",
        max_position_value_paise=_paise(limits.max_position_value),
        max_order_value_paise=_paise(limits.max_order_value),
        max_open_positions=limits.max_open_positions,
        max_orders_per_minute=limits.max_orders_per_minute,
    )


def _strategy_limits(limits: StrategyRisk) -> Limits:
    return Limits(
        where="risk",
        max_position_quantity=limits.max_position_quantity,
        max_position_value_paise=_paise(limits.max_position_value),
        max_order_value_paise=_paise(limits.max_order_value),
        max_orders_per_minute=limits.max_orders_per_minute,
    )


def _paise(money: str | None) -> int | None:
    return None if money is None else paise(money)


def _refusal(code: str, broker: str, says: str) -> Refusal:
    return Refusal(code=code, value=broker, limit="a Paper Broker", message=f"rejected: {code}: {says}")
