"""Every event type by its name on the wire, and the topic that each travels on."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

import msgspec

from alpha_panda.events import topics
from alpha_panda.events.audit import AuditRecorded
from alpha_panda.events.control import (
    BrokerConfigured,
    CloseWanted,
    StrategyConfigured,
    StrategyQuarantined,
    TradingHalted,
    TradingResumed,
)
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.orders import (
    OrderAcknowledged,
    OrderCancelled,
    OrderFailed,
    OrderFilled,
    OrderModified,
    OrderSubmitted,
    OrderUnknown,
)
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.signals import SignalRaised, SignalRejected, SignalValidated

EVENT_TOPICS: dict[type[msgspec.Struct], topics.Topic] = {
    Tick: topics.TICKS,
    Bar: topics.BARS,
    SignalRaised: topics.SIGNALS_RAW,
    SignalValidated: topics.SIGNALS_VALIDATED,
    SignalRejected: topics.SIGNALS_REJECTED,
    OrderSubmitted: topics.ORDERS_SUBMITTED,
    OrderAcknowledged: topics.ORDERS_ACK,
    OrderFilled: topics.ORDERS_FILLED,
    OrderFailed: topics.ORDERS_FAILED,
    OrderCancelled: topics.ORDERS_CANCELLED,
    OrderModified: topics.ORDERS_MODIFIED,
    PnlSnapshot: topics.PNL_SNAPSHOTS,
    StrategyConfigured: topics.CONTROL_STRATEGIES,
    BrokerConfigured: topics.CONTROL_BROKERS,
    TradingHalted: topics.CONTROL_TRADING,
    TradingResumed: topics.CONTROL_TRADING,
    AuditRecorded: topics.AUDIT_EVENTS,
    StrategyQuarantined: topics.CONTROL_QUARANTINE,
    OrderUnknown: topics.ORDERS_ACK,
    CloseWanted: topics.CONTROL_TRADING,
}
"""The home of each event type; markers have two (`market.epochs`, a Broker's `epochs`) and are addressed by hand.

A claim (`OwnershipTaken`) stands on every topic that stream tasks write.
"""

_SHAPES: tuple[type[msgspec.Struct], ...] = (*EVENT_TOPICS, EpochClosed, OwnershipTaken)
EVENTS: dict[str, type[msgspec.Struct]] = {shape.__name__: shape for shape in _SHAPES}

KIND_RANK: dict[str, int] = {name: rank for rank, name in enumerate(EVENTS)}
"""The order of kinds that happen at the same moment of event time: ticks before bars before signals."""


def type_name(shape: type[msgspec.Struct]) -> str:
    """The name of an event type on the wire."""
    return shape.__name__


def instrument_of(data: msgspec.Struct) -> int | None:
    """The token of the instrument that an event's data is about."""
    find = _INSTRUMENT.get(type(data))
    return None if find is None else find(data)


def _instruments() -> dict[type[msgspec.Struct], Callable[[msgspec.Struct], int]]:
    """Where each event type has its instrument: itself, or in the signal or the order that it is about."""
    ways = {
        "instrument_token": "instrument_token",
        "signal": "signal.instrument_token",
        "order": "order.instrument_token",
    }
    return {
        shape: attrgetter(way)
        for shape in EVENT_TOPICS
        for field, way in ways.items()
        if field in shape.__struct_fields__
    }


_INSTRUMENT = _instruments()
