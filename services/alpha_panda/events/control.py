"""What people and controllers want: the state of Strategies, Brokers and trading, as services see it.

The supervisor or the operator publishes these from the resources; services never see a resource.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class StrategyConfigured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Strategy was made or changed (`spec` as in the resource) or deleted (None). Topic `control.strategies`."""

    name: str
    uid: str
    generation: int
    spec: dict[str, Any] | None


class BrokerConfigured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Broker was made or changed (`spec` as in the resource) or deleted (None). Topic `control.brokers`."""

    name: str
    uid: str
    generation: int
    spec: dict[str, Any] | None


class HaltScope(StrEnum):
    """How much a halt covers."""

    ALL = "all"
    BROKER = "broker"
    STRATEGY = "strategy"
    INSTRUMENT = "instrument"


class TradingHalted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Risk-increasing orders in this scope are refused from now on. Topic `control.trading`."""

    scope: HaltScope
    subject: str
    """The Broker, strategy or instrument (EXCHANGE:SYMBOL); empty for `all`."""
    actor: str
    reason: str


class TradingResumed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A halt of exactly this scope and subject ended. Topic `control.trading`."""

    scope: HaltScope
    subject: str
    actor: str
    reason: str
