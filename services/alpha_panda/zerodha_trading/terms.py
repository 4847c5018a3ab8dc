"""What resources say about trading at Zerodha: the Broker's settings, and the two keys to real money.

`Broker.live` is one key, a Strategy's `mode: Live` with its own name in `acknowledgeLive` the other. Without
both an order ends before it is sent, as a dry run.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from pydantic import ValidationError

from alpha_panda.domain.order_terms import Refusal
from alpha_panda.resources import reading
from alpha_panda.resources.broker import BrokerType
from alpha_panda.resources.strategy import Mode, StrategySpec


class ZerodhaTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A Zerodha Broker's resource as trading needs it."""

    live: bool
    halted: bool
    per_second: int
    market_protection: float
    """Percent; -1 leaves it to Zerodha."""
    algo_id: str
    charges_as_of: date | None


def read_terms(broker: str, spec: dict[str, Any] | None) -> ZerodhaTerms | Refusal:
    """The terms to trade on, or why nothing may trade."""
    parsed = reading.read_spec(broker, spec, BrokerType.ZERODHA)
    if isinstance(parsed, Refusal):
        return parsed
    settings = parsed.zerodha_settings()
    return ZerodhaTerms(
        live=parsed.live,
        halted=parsed.halted,
        per_second=settings.orders_per_second,
        market_protection=float(settings.market_protection_percent),
        algo_id=settings.algo_id or "",
        charges_as_of=settings.charges.as_of,
    )


def unknown_broker(broker: str) -> Refusal:
    """Why nothing may trade before the Broker's resource was seen."""
    return reading.unknown_broker(broker, BrokerType.ZERODHA)


def algo_id_of(spec: dict[str, Any] | None) -> str:
    """The id under which a Strategy is registered at the exchange; empty where it has none of its own."""
    return str((spec or {}).get("algoId") or "")


def is_acknowledged(strategy: str, spec: dict[str, Any] | None) -> bool:
    """Whether a Strategy has turned its key."""
    if spec is None:
        return False
    try:
        parsed = StrategySpec.model_validate_json(msgspec.json.encode(spec), strict=True)
    except ValidationError:
        return False
    return parsed.mode is Mode.LIVE and parsed.acknowledge_live == strategy


def missing_key(terms: ZerodhaTerms, strategy: str, *, acknowledged: bool) -> str:
    """Which key keeps an order from being sent; empty where both are turned."""
    if not terms.live:
        return "the Broker is not live (live: false)"
    return "" if acknowledged else f"Strategy {strategy} is not Live and acknowledged (mode, acknowledgeLive)"
