"""Every event type by its name on the wire, and the topic that each travels on."""

from __future__ import annotations

import msgspec

from alpha_panda.events import topics
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured, TradingHalted, TradingResumed
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.orders import (
    OrderAcknowledged,
    OrderCancelled,
    OrderFailed,
    OrderFilled,
    OrderModified,
    OrderSubmitted,
)
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
}
"""The home of each event type; markers have two (`market.epochs`, a Broker's `epochs`) and are addressed by hand."""

_SHAPES: tuple[type[msgspec.Struct], ...] = (*EVENT_TOPICS, EpochClosed)
EVENTS: dict[str, type[msgspec.Struct]] = {shape.__name__: shape for shape in _SHAPES}

KIND_RANK: dict[str, int] = {name: rank for rank, name in enumerate(EVENTS)}
"""The order of kinds that happen at the same moment of event time: ticks before bars before signals."""


def type_name(shape: type[msgspec.Struct]) -> str:
    """The name of an event type on the wire."""
    return shape.__name__
