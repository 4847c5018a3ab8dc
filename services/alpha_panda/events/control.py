"""What people and controllers want: the state of Strategies, Brokers and trading, as services see it.

The supervisor or the operator publishes these from the resources; services never see a resource. What a
runner has found out about a strategy is here too, since it holds like a wish until somebody changes it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from alpha_panda.events.market import Paise, Token
from alpha_panda.events.signals import Product, Side


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


class CloseWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person wants a strategy's position closed; the Broker's risk manager decides. Topic `control.trading`.

    It is decided on as an exit of the strategy is, whether or not the strategy runs. Each has a key of its own.
    """

    broker: str
    strategy: str
    instrument_token: Token
    product: Product
    side: Side
    """The side of the order that closes it."""
    reference_price_paise: Paise
    """The price that the person saw."""
    limit_price_paise: Paise | None
    """The worst price that may be traded at; None takes what the market gives."""
    actor: str
    reason: str


class QuarantineKind(StrEnum):
    """What a strategy did."""

    RAISED = "raised"
    NONSENSE = "nonsense"
    """It returned what is no wish, or a wish that no broker could take."""
    TIME = "time"
    MEMORY = "memory"
    CRASH = "crash"
    """Its call ended the process."""


class StrategyQuarantined(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A runner calls this generation of a strategy no more, on no instrument. Topic `control.quarantine`.

    It ends when the Strategy changes: another generation, or another uid. The envelope's cause is the event
    that the call was about; a call about none (a snapshot) has none.
    """

    strategy: str
    uid: str
    generation: int
    kind: QuarantineKind
    call: str
    """Which call into the strategy: `on_bar`, `on_tick`, `snapshot`, `load`, ..."""
    instrument_token: int | None
    reason: str
    evidence: str
    """Where it was (the last lines of its code), what it returned, milliseconds, bytes."""
