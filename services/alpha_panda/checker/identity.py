"""Ids: no event is on a topic twice, and each has the id that its subject gives it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alpha_panda.checker.model import Examination, Finding
from alpha_panda.checker.reading import Fact, Facts
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured, StrategyQuarantined
from alpha_panda.events.envelope import Event
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.ids import (
    bar_id,
    event_id,
    external_order_id,
    order_event_id,
    order_id,
    pnl_id,
    quarantine_id,
    signal_id,
    tick_id,
    verdict_id,
)
from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.orders import (
    EXTERNAL,
    Leg,
    Order,
    OrderAcknowledged,
    OrderCancelled,
    OrderFailed,
    OrderFilled,
    OrderModified,
    OrderSubmitted,
    OrderUnknown,
)
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.signals import SignalRaised, SignalRejected, SignalValidated
from alpha_panda.topology.graph import PAPER_TRADING

_MOST_SIGNALS = 64
"""Signals of one strategy on one instrument because of one event; an id beyond is not recognised."""
_KINDS: tuple[tuple[type, str], ...] = (
    (OrderSubmitted, "submitted"),
    (OrderAcknowledged, "acknowledged"),
    (OrderFailed, "failed"),
    (OrderFilled, "filled"),
    (OrderModified, "modified"),
    (OrderCancelled, "cancelled"),
    (OrderUnknown, "unknown"),
)


def unique_ids(facts: Facts) -> Finding:
    """No id is at two offsets of a topic."""
    look = Examination("unique_ids", "no event is on its topic twice")
    for copies in facts.by_id.values():
        first: dict[str, Fact] = {}
        for fact in copies:
            look.look()
            before = first.setdefault(fact.record.topic, fact)
            if before is not fact:
                look.fail(fact.at, f"event {fact.event.id} is already at {before.at}")
    return look.finding()


def deterministic_ids(facts: Facts) -> Finding:
    """Every id is what its event's own fields give; that of a halt is its actor's."""
    look = Examination("deterministic_ids", "every id is what the event's own fields give")
    for fact in facts.all:
        possible = list(_possible(fact, facts))
        if not possible:
            look.note("events whose id the log cannot tell")
            continue
        look.look()
        if fact.event.id not in possible:
            look.fail(fact.at, f"id {fact.event.id}; its fields give {possible[0]}")
    return look.finding()


def _possible(fact: Fact, facts: Facts) -> Iterator[str]:
    """The ids that the event may have; more than one where a count is not in its fields."""
    event, data, when = fact.event, fact.event.data, fact.event.event_time
    match data:
        case Tick():
            yield tick_id(data.instrument_token, when, event.sequence)
        case Bar():
            yield bar_id(data.instrument_token, data.timeframe, data.start, data.end)
        case SignalRaised():
            names = (event.broker or "", data.strategy, data.instrument_token, event.causation_id or "")
            yield from (signal_id(when, *names, n) for n in range(_MOST_SIGNALS))
        case SignalValidated() | SignalRejected():
            yield verdict_id(when, data.signal_id)
        case EpochClosed():
            yield event_id(when, "marker", fact.record.topic, data.task, data.epoch)
        case PnlSnapshot():
            yield pnl_id(when, event.broker or "", event.causation_id)
        case StrategyQuarantined():
            yield quarantine_id(when, data, event.causation_id)
        case BrokerConfigured() | StrategyConfigured():
            kind = type(data).__name__.removesuffix("Configured")
            yield event_id(when, "control", kind, data.name, data.uid, data.generation)
        case _:
            yield from _possible_of_order(fact, facts)


def _possible_of_order(fact: Fact, facts: Facts) -> Iterator[str]:
    event = fact.event
    kind = next((kind for shape, kind in _KINDS if isinstance(event.data, shape)), None)
    if kind is None:
        return
    at_exchange = not fact.envelope.source.endswith(f".{PAPER_TRADING.name}")
    for name in _exchange_names(event, kind) if at_exchange else _cause_names(event, facts):
        yield order_event_id(event.event_time, event.data.order.order_id, kind, name)


def order_ids(facts: Facts) -> Finding:
    """An order's id is its signal, leg and generation when it began; of one not ours the exchange's name of it."""
    look = Examination("order_ids", "every order is named by its signal, leg and generation")
    for shape in (OrderSubmitted, OrderFailed, OrderAcknowledged):
        for fact, data in facts.of(shape):
            order: Order = data.order  # type: ignore[attr-defined] # all shapes have it
            if (shape is OrderAcknowledged) != (order.strategy == EXTERNAL):
                continue  # only then the exchange's name of one that is not ours is told
            look.look()
            at = fact.event.event_time
            if isinstance(data, OrderAcknowledged):
                expected = external_order_id(at, fact.event.broker or "", data.broker_order_id)
            else:
                expected = order_id(at, order.signal_id, order.leg, order.generation)
            if order.order_id != expected:
                look.fail(fact.at, f"order {order.order_id}; its fields give {expected}")
    return look.finding()


def _cause_names(event: Event[Any], facts: Facts) -> Iterator[str]:
    """What may name the cause in an order event's id."""
    data = event.data
    if isinstance(data, OrderSubmitted | OrderAcknowledged | OrderFailed):
        yield from _names_of_start(event, data.order, facts)
    elif isinstance(data, OrderCancelled) and data.code == "session_closed":
        yield f"close {event.event_time.isoformat()}"
    elif isinstance(data, OrderCancelled) and data.code == "intraday_flatten":
        yield f"flatten {event.event_time.isoformat()}"
    elif isinstance(data, OrderCancelled) and data.code == "exit_requested":
        for each in facts.by_id.get(event.causation_id or "", ()):
            if isinstance(each.event.data, SignalValidated):
                yield each.event.data.signal_id
    elif event.causation_id is not None:
        yield event.causation_id


def _exchange_names(event: Event[Any], kind: str) -> Iterator[str]:
    """At an exchange each thing happens to an order once; fills have the exchange's own names."""
    data = event.data
    if isinstance(data, OrderFilled):
        yield data.trade_id or ""
    elif isinstance(data, OrderModified):
        yield f"modified {data.order_sequence}"
    elif isinstance(data, OrderUnknown):
        yield "given_up" if data.given_up else kind
    else:
        yield kind


def _names_of_start(event: Event[Any], order: Order, facts: Facts) -> Iterator[str]:
    """An entry or exit begins because of its signal, a leg because of a fill, its generation or the time."""
    if order.leg is Leg.FLATTEN:
        yield f"flatten {event.event_time.isoformat()}"
    elif order.leg in (Leg.ENTRY, Leg.EXIT):
        yield order.signal_id
    elif order.generation:
        yield f"generation {order.generation}"
    elif isinstance(event.data, OrderAcknowledged):
        causes = [each.event.causation_id for each in facts.by_id.get(event.causation_id or "", ())]
        yield from (cause for cause in causes if cause is not None)
    elif event.causation_id is not None:
        yield event.causation_id
