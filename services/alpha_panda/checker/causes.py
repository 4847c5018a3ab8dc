"""Provenance: a Broker's events are its own, and each follows from an event that is on the log."""

from __future__ import annotations

from alpha_panda.checker.model import Examination, Finding
from alpha_panda.checker.reading import Fact, Facts
from alpha_panda.events.control import BrokerConfigured, CloseWanted
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.orders import (
    EXTERNAL,
    OrderAcknowledged,
    OrderCancelled,
    OrderFailed,
    OrderFilled,
    OrderModified,
    OrderSubmitted,
)
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.events.signals import SignalRaised, SignalRejected, SignalValidated
from alpha_panda.events.topics import BARS, TICKS

_CAUSES: dict[type, tuple[type, ...]] = {
    Bar: (Tick, Bar),
    SignalRaised: (Tick, Bar),
    SignalValidated: (SignalRaised, CloseWanted),
    SignalRejected: (SignalRaised, CloseWanted),
    OrderSubmitted: (SignalValidated, OrderFilled, OrderCancelled),
    OrderAcknowledged: (OrderSubmitted,),
    OrderFailed: (SignalValidated,),
    OrderFilled: (Tick,),
    OrderModified: (OrderFilled,),
    OrderCancelled: (OrderFilled, SignalValidated, BrokerConfigured),
}
"""What may cause what. What the clock ends has no cause: nobody publishes closes."""
_BY_THE_CLOCK = ("session_closed", "intraday_flatten")
_OF_ORDERS = (OrderSubmitted, OrderAcknowledged, OrderFailed, OrderFilled, OrderModified, OrderCancelled)
_AT_EXCHANGE = (SignalValidated,)
"""There what happens to an order is no event of the log: all of a trade follows from the signal that began it."""


def right_topics(facts: Facts) -> Finding:
    """Every event is on its type's topic, and on a Broker's topic it carries that Broker."""
    look = Examination("right_topics", "every event is on its type's topic and carries the topic's Broker")
    for fact in facts.all:
        look.look()
        shape = type(fact.event.data)
        home = EVENT_TOPICS.get(shape)
        if shape is not EpochClosed and home is not fact.topic:
            look.fail(fact.at, f"a {shape.__name__} does not belong on {fact.record.topic}")
        elif fact.event.broker != fact.broker:
            look.fail(fact.at, f"it carries broker {fact.event.broker!r} on a topic of {fact.broker!r}")
    return look.finding()


def causes(facts: Facts) -> Finding:
    """Each event's cause is on the log, of a type that may cause it, and of the same Broker or of nobody."""
    look = Examination("causes", "every event follows from one on the log, never from another Broker's")
    at_exchange = _at_exchange(facts)
    for fact in facts.all:
        allowed = _CAUSES.get(type(fact.event.data))
        if fact.broker in at_exchange and isinstance(fact.event.data, _OF_ORDERS):
            allowed = None if fact.event.data.order.strategy == EXTERNAL else _AT_EXCHANGE
        if allowed is None or _ends_by_the_clock(fact):
            continue
        look.look()
        problem = _problem(fact, allowed, facts, look)
        if problem is not None:
            look.fail(fact.at, problem)
    return look.finding()


def _at_exchange(facts: Facts) -> set[str]:
    """The Brokers whose orders go to a real exchange."""
    told = (data for _, data in facts.of(BrokerConfigured))
    return {data.name for data in told if data.spec is not None and data.spec.get("type") != "Paper"}


def _ends_by_the_clock(fact: Fact) -> bool:
    data = fact.event.data
    return isinstance(data, OrderCancelled) and data.code in _BY_THE_CLOCK and fact.event.causation_id is None


def _problem(fact: Fact, allowed: tuple[type, ...], facts: Facts, look: Examination) -> str | None:
    cause = fact.event.causation_id
    names = " or ".join(shape.__name__ for shape in allowed)
    if cause is None:
        return f"a {type(fact.event.data).__name__} without a cause; it needs a {names}"
    found = facts.by_id.get(cause, [])
    if not found:
        if _may_be_gone(allowed, facts):
            look.note("causes that retention has deleted")
            return None
        return f"its cause {cause} is not on the log"
    if not any(isinstance(each.event.data, allowed) for each in found):
        return f"its cause {cause} is a {type(found[0].event.data).__name__}, not a {names}"
    if not any(each.broker in (None, fact.broker) for each in found):
        return f"its cause {cause} is on {found[0].record.topic}, another Broker's topic"
    return None


def _may_be_gone(allowed: tuple[type, ...], facts: Facts) -> bool:
    homes = {Tick: TICKS, Bar: BARS}
    return any(
        shape in homes and not facts.log.is_whole(homes[shape].full_name(prefix=facts.log.prefix)) for shape in allowed
    )
