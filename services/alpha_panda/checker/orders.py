"""The life of each order: its automaton, its numbering, its fills."""

from __future__ import annotations

from collections import defaultdict

from alpha_panda.checker.model import Examination, Finding
from alpha_panda.checker.reading import Fact, Facts
from alpha_panda.events.orders import (
    Order,
    OrderAcknowledged,
    OrderCancelled,
    OrderFailed,
    OrderFilled,
    OrderModified,
    OrderSubmitted,
    OrderUnknown,
)

ORDER_EVENTS = (
    *(OrderSubmitted, OrderAcknowledged, OrderFilled, OrderFailed, OrderCancelled, OrderModified, OrderUnknown),
)
_NEXT: dict[str, dict[type, str]] = {
    "new": {OrderSubmitted: "submitted", OrderFailed: "failed"},
    "submitted": {OrderAcknowledged: "working", OrderFailed: "failed", OrderUnknown: "unknown"},
    "unknown": {OrderAcknowledged: "working", OrderUnknown: "unknown", OrderCancelled: "cancelled"},
    "working": {
        OrderFilled: "working",
        OrderModified: "working",
        OrderCancelled: "cancelled",
        OrderFailed: "failed",
    },
}
"""By state: which event leads where. A fill of all that is left leads to `filled`, where nothing follows."""


def lives_of(facts: Facts) -> dict[tuple[str, str], list[Fact]]:
    """By Broker and order: its events by `order_sequence`."""
    lives: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts.all:
        if isinstance(fact.event.data, ORDER_EVENTS):
            lives[fact.broker or "", fact.event.data.order.order_id].append(fact)
    for life in lives.values():
        life.sort(key=lambda fact: (fact.event.data.order_sequence, fact.record.place))
    return dict(sorted(lives.items()))


def order_sequences(facts: Facts) -> Finding:
    """An order's events are numbered from 0 without gap or repetition."""
    look = Examination("order_sequences", "each order's events are numbered 0, 1, 2… without gap")
    for (_, order), life in lives_of(facts).items():
        look.look()
        found = [fact.event.data.order_sequence for fact in life]
        if found != list(range(len(found))):
            look.fail(life[0].at, f"order {order} has events numbered {found}")
    return look.finding()


def order_automaton(facts: Facts) -> Finding:
    """submitted, acknowledged, fills and modifications, one terminal event; or open at the end."""
    look = Examination("order_automaton", "each order goes submitted, acknowledged, (filled or modified)*, one end")
    for (_, order), life in lives_of(facts).items():
        look.look()
        state = "new"
        for fact in life:
            following = _NEXT.get(state, {}).get(type(fact.event.data))
            if following is None:
                look.fail(fact.at, f"order {order}: {type(fact.event.data).__name__} after it was {state}")
                break
            data = fact.event.data
            state = "filled" if isinstance(data, OrderFilled) and data.complete else following
        look.note(f"{'open' if state in _NEXT else state} at the end")
    return look.finding()


def fills(facts: Facts) -> Finding:
    """Fills never exceed the order, and `filled_quantity` is their running sum."""
    look = Examination("fills", "fills add up to filled_quantity and never exceed their order")
    for (_, order), life in lives_of(facts).items():
        filled = 0
        for fact in life:
            data = fact.event.data
            if isinstance(data, OrderCancelled):
                look.look()
                if data.filled_quantity != filled:
                    look.fail(
                        fact.at, f"order {order} is cancelled as filled {data.filled_quantity}; fills say {filled}"
                    )
            if not isinstance(data, OrderFilled):
                continue
            look.look()
            filled += data.quantity
            if data.filled_quantity != filled:
                look.fail(fact.at, f"order {order}: filled_quantity {data.filled_quantity}, its fills say {filled}")
            elif filled > data.order.quantity:
                look.fail(fact.at, f"order {order} of {data.order.quantity} has fills of {filled}")
    return look.finding()


def order_terms(facts: Facts) -> Finding:
    """An order's terms stay as submitted; only a modification changes its quantity or levels."""
    look = Examination("order_terms", "an order's terms change by a modification only")
    for (_, order), life in lives_of(facts).items():
        look.look()
        terms: Order = life[0].event.data.order
        for fact in life[1:]:
            now: Order = fact.event.data.order
            if isinstance(fact.event.data, OrderModified):
                fixed = (now.signal_id, now.leg, now.generation, now.side, now.instrument_token, now.product)
                was = (terms.signal_id, terms.leg, terms.generation, terms.side, terms.instrument_token, terms.product)
                changed = fixed != was
                terms = now
            else:
                changed = now != terms
            if changed:
                look.fail(fact.at, f"order {order} has other terms than before")
                break
    return look.finding()
