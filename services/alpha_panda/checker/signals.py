"""Totality: every raw signal ends in one verdict, every validated one in one order."""

from __future__ import annotations

from collections import defaultdict

from alpha_panda.checker.model import Examination, Finding
from alpha_panda.checker.reading import Fact, Facts
from alpha_panda.events.control import CloseWanted
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.ids import close_id
from alpha_panda.events.orders import EXTERNAL, Leg, OrderFailed, OrderSubmitted
from alpha_panda.events.signals import Intent, SignalRaised, SignalRejected, SignalValidated

RISK = "risk-manager"
TRADING = "-trading"
"""How the name of a Broker's trading service ends, whatever its type."""


def one_verdict(facts: Facts) -> Finding:
    """Every raw signal is validated or rejected, once; one that risk has not reached yet is only counted."""
    look = Examination("one_verdict", "every raw signal ends in exactly one of validated and rejected")
    verdicts: dict[str, list[Fact]] = defaultdict(list)
    for shape in (SignalValidated, SignalRejected):
        for fact, data in facts.of(shape):
            verdicts[data.signal_id].append(fact)  # type: ignore[attr-defined] # both shapes have it
    raw: set[str] = set()
    for fact, _ in facts.of(SignalRaised):
        raw.add(fact.event.id)
        found = verdicts[fact.event.id]
        if not found and not is_settled(fact, RISK, facts, lag=0):
            look.note("not decided yet")
            continue
        look.look()
        if len(found) != 1:
            places = ", ".join(each.at for each in found) or "none"
            look.fail(fact.at, f"signal {fact.event.id} has {len(found)} verdicts: {places}")
        elif found[0].broker != fact.broker:
            look.fail(fact.at, f"its verdict is at {found[0].at}, another Broker's topic")
    raw |= {close_id(fact.event.event_time, data, fact.event.id) for fact, data in facts.of(CloseWanted)}
    for name, found in verdicts.items():
        if name not in raw and found and _all_raw_are_there(found[0], facts):
            look.look()
            look.fail(found[0].at, f"a verdict on signal {name}, which nobody raised")
    return look.finding()


def one_order(facts: Facts) -> Finding:
    """Every validated signal becomes one entry or exit order, submitted or failed."""
    look = Examination("one_order", "every validated signal becomes exactly one order, submitted or failed")
    starts: dict[str, list[Fact]] = defaultdict(list)
    # An exchange may refuse an order that was submitted; the refusal of any other is all that is told of it.
    submitted = {data.order.order_id for _, data in facts.of(OrderSubmitted)}
    for shape in (OrderSubmitted, OrderFailed):
        for fact, data in facts.of(shape):
            order = data.order  # type: ignore[attr-defined] # both shapes have it
            if order.strategy == EXTERNAL:
                continue
            if order.leg in (Leg.ENTRY, Leg.EXIT) and (shape is OrderSubmitted or order.order_id not in submitted):
                starts[order.signal_id].append(fact)
    validated: set[str] = set()
    for fact, data in facts.of(SignalValidated):
        validated.add(data.signal_id)
        found = starts[data.signal_id]
        if not found and not is_settled(fact, TRADING, facts, lag=1):
            look.note("not taken by trading yet")
            continue
        look.look()
        problem = _order_problem(data, found)
        if problem is not None:
            look.fail(fact.at, problem)
    for name, found in starts.items():
        if name not in validated and found:
            look.look()
            look.fail(found[0].at, f"an order of signal {name}, which nobody validated")
    return look.finding()


def _order_problem(data: SignalValidated, found: list[Fact]) -> str | None:
    if len(found) != 1:
        places = ", ".join(each.at for each in found) or "none"
        return f"signal {data.signal_id} has {len(found)} orders: {places}"
    order, signal = found[0].event.data.order, data.signal
    leg = Leg.ENTRY if signal.intent is Intent.ENTER else Leg.EXIT
    asked = (leg, signal.side, data.quantity, signal.instrument_token, signal.product, signal.strategy)
    given = (order.leg, order.side, order.quantity, order.instrument_token, order.product, order.strategy)
    return None if asked == given else f"its order at {found[0].at} is {given}, validated was {asked}"


def is_settled(fact: Fact, service: str, facts: Facts, lag: int) -> bool:
    """Whether that service of the Broker has marked the record's epoch (plus `lag`) or committed past it."""
    epoch = fact.envelope.epoch
    marked = (marker.epoch for _, marker in facts.of(EpochClosed, fact.broker) if marker.task.endswith(service))
    if epoch is not None and max(marked, default=-1) >= epoch + lag:
        return True
    ending = f"{service}.{fact.broker}"
    where = (fact.record.topic, fact.record.partition)
    return any(
        offsets.get(where, 0) > fact.record.offset
        for group, offsets in facts.log.committed.items()
        if group.endswith(ending)
    )


def _all_raw_are_there(verdict: Fact, facts: Facts) -> bool:
    topics = {fact.record.topic for fact, _ in facts.of(SignalRaised, verdict.broker)}
    return all(facts.log.is_whole(topic) for topic in topics)
