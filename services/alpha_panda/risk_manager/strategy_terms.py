"""What a Strategy's resource says about it on one Broker, in the domain's terms."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec
from pydantic import ValidationError

from alpha_panda.domain.limits import KellyTerms, Limits, Method, SizingTerms, StrategyTerms
from alpha_panda.domain.money import percent
from alpha_panda.resources.problems import in_one_line
from alpha_panda.resources.sizing import Kelly, Sizing
from alpha_panda.resources.strategy import Mode, StrategyRisk, StrategySpec, StrategyState
from alpha_panda.risk_manager.terms import optional_paise, protection_terms

_NOTHING = SizingTerms(risk=Fraction(0))


def read_strategy(spec: dict[str, Any], broker: str, *, live: bool) -> StrategyTerms:
    """The strategy's terms on this Broker; one whose spec is bad or that does not belong here is not running.

    One of mode Live may be on any Broker: beside real money it goes on with paper money, as the plan has it.
    """
    try:
        parsed = StrategySpec.model_validate_json(msgspec.json.encode(spec), strict=True)
    except ValidationError as error:
        state = f"invalid: {in_one_line(error, StrategySpec)}"
        return StrategyTerms(state=state, instruments=frozenset(), sizing=_NOTHING, limits=Limits(where="risk"))
    return StrategyTerms(
        state=_state(parsed, broker, live=live),
        instruments=frozenset(str(each) for each in parsed.instruments),
        sizing=_sizing(parsed.sizing),
        limits=_limits(parsed.risk),
        max_daily_loss_paise=optional_paise(parsed.risk.max_daily_loss),
        protections=protection_terms(parsed.risk.protections),
    )


def _state(spec: StrategySpec, broker: str, *, live: bool) -> str:
    if broker not in spec.brokers:
        return f"not on Broker {broker}"
    if live and spec.mode is not Mode.LIVE:
        return f"of mode {spec.mode} on a Broker that is live"
    return str(StrategyState(spec.state))


def _sizing(given: Sizing) -> SizingTerms:
    return SizingTerms(
        method=Method(given.method.value),
        risk=percent(given.risk_percent),
        kelly=_kelly(given.kelly),
        atr_multiple=Fraction(given.atr_multiple),
        volume=percent(given.max_volume_percent),
    )


def _kelly(given: Kelly) -> KellyTerms:
    return KellyTerms(
        fraction=percent(given.fraction),
        most=percent(given.max_percent),
        win_rate=None if given.win_rate_percent is None else percent(given.win_rate_percent),
        payoff=None if given.payoff is None else Fraction(given.payoff),
        min_trades=given.min_trades,
    )


def _limits(limits: StrategyRisk) -> Limits:
    return Limits(
        where="risk",
        max_position_quantity=limits.max_position_quantity,
        max_position_value_paise=optional_paise(limits.max_position_value),
        max_order_value_paise=optional_paise(limits.max_order_value),
        max_orders_per_minute=limits.max_orders_per_minute,
    )
