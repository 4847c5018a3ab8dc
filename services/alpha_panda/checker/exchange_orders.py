"""Invariants of orders at a real exchange, by its journal, the log and the records; one finding each. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Final

from alpha_panda.checker.exchange_run import ExchangeRun, Row
from alpha_panda.checker.model import Examination, Finding, Verdict
from alpha_panda.events.orders import OrderAcknowledged, OrderFailed, OrderFilled, OrderUnknown

_SECOND_NS: Final = 1_000_000_000
_PER_SECOND: Final = 10
_OVER: Final = frozenset({"DENIED", "NOT_SENT", "REJECTED", "FILLED", "CANCELLED", "EXPIRED"})
_PARKED: Final = frozenset({"UNKNOWN", "UNKNOWN_ABSENT", "ACKED"})
LEAST: Final = {"posts": 200, "unknown": 20, "fencings": 5, "kills": 3}
"""A run that exercised less proves nothing."""


def provenance(run: ExchangeRun) -> Finding:
    """I1: each order that arrived is one of ours, with the terms that were validated."""
    look = Examination("I1", "every order that arrived was claimed first, with the terms of its record")
    rows = {row.tag: row for row in run.rows}
    signals = {event.data.signal_id: event.data for event in run.validated}
    for post in run.posts:
        look.look()
        row = rows.get(post.tag)
        if row is None or row.state in {"WAITING", "DENIED", "NOT_SENT"}:
            look.fail(post.tag, f"order {post.tag} arrived and its record is {row.state if row else 'missing'}")
        elif row.leg in {"entry", "exit"} and row.signal_id not in signals:
            look.fail(post.tag, f"order {post.tag} arrived without a validated signal")
        elif row.leg == "entry" and int(post.params.get("quantity", 0)) != signals[row.signal_id].quantity:
            look.fail(post.tag, f"order {post.tag} arrived for {post.params.get('quantity')} units")
    return look.finding()


def at_most_once(run: ExchangeRun) -> Finding:
    """I2: no order arrives twice, whatever was answered."""
    look = Examination("I2", "no tag arrived at the exchange twice")
    for tag, times in sorted(Counter(post.tag for post in run.posts).items()):
        look.look()
        if times > 1:
            look.fail(tag, f"order {tag} arrived {times} times")
    return look.finding()


def totality(run: ExchangeRun) -> Finding:
    """I3: each validated signal came to one end, or is open at the exchange or parked."""
    look = Examination("I3", "each validated signal has one record, over, at work or parked")
    by_signal: dict[str, list[Row]] = defaultdict(list)
    for row in run.rows:
        if row.leg in {"entry", "exit"}:
            by_signal[row.signal_id].append(row)
    for signal in sorted({event.data.signal_id for event in run.validated}):
        look.look()
        rows = by_signal.get(signal, [])
        if len(rows) != 1 or rows[0].state not in _OVER | _PARKED:
            look.fail(signal, f"signal {signal} has {[row.state for row in rows] or 'no record'}")
    return look.finding()


def fills(run: ExchangeRun) -> Finding:
    """I4: the trades on the log are the exchange's, each once, at its price and quantity."""
    look = Examination("I4", "the fills on the log are the exchange's trades")
    told = Counter(event.data.trade_id for event in run.orders if isinstance(event.data, OrderFilled))
    by_id = {event.data.trade_id: event.data for event in run.orders if isinstance(event.data, OrderFilled)}
    for trade in sorted(set(run.traded) | set(told), key=str):
        look.look()
        line, fill = run.traded.get(str(trade)), by_id.get(trade)
        if told[trade] != 1 or line is None or fill is None:
            look.fail(
                str(trade), f"trade {trade} stands {told[trade]} times on the log, known there: {line is not None}"
            )
        elif (fill.quantity, fill.price_paise) != (line["quantity"], line["price_paise"]):
            look.fail(str(trade), f"trade {trade} is {fill.quantity} at {fill.price_paise} on the log")
    return look.finding()


def positions(run: ExchangeRun) -> Finding:
    """I5: records and trades come to the same units, order by order."""
    look = Examination("I5", "each record is filled by as much as its trades at the exchange")
    traded: Counter[str] = Counter()
    for line in run.traded.values():
        traded[line["order_id"]] += line["quantity"]
    for row in run.rows:
        if not row.parts:
            continue
        look.look()
        there = sum(traded[part] for part in row.parts)
        if there != row.filled:
            look.fail(row.tag, f"order {row.tag} is filled by {row.filled} here and by {there} there")
    return look.finding()


def rates(run: ExchangeRun) -> Finding:
    """I8: never more orders in a second than the exchange allows."""
    look = Examination("I8", f"at most {_PER_SECOND} orders, changes and cancellations arrived in any second")
    calls = ("place", "modify", "cancel")
    times = [line["mono_ns"] for line in run.journal if line["what"] == "request" and line["call"] in calls]
    for index, at in enumerate(times):
        look.look()
        within = sum(1 for other in times[max(0, index - 2 * _PER_SECOND) : index + 1] if other > at - _SECOND_NS)
        if within > _PER_SECOND:
            look.fail(str(at), f"{within} requests within a second")
    return look.finding()


def sequences(run: ExchangeRun) -> Finding:
    """I13: each order's events are numbered without gap, and none stands twice."""
    look = Examination("I13", "each order's events are numbered 0, 1, 2… and stand once")
    by_order: dict[str, list[int]] = defaultdict(list)
    for event in run.orders:
        by_order[event.data.order.order_id].append(event.data.order_sequence)
    for order, found in sorted(by_order.items()):
        look.look()
        if sorted(found) != list(range(len(found))):
            look.fail(order, f"order {order} has events numbered {sorted(found)}")
    return look.finding()


def fences(run: ExchangeRun) -> Finding:
    """I14: owners do not take turns: an earlier one's order is not behind a later one's."""
    look = Examination("I14", "the owners of orders follow each other")
    highest = 0
    for post in run.posts:
        look.look()
        if post.fence < highest:
            look.note("arrived within the window between the last check and the write")
        highest = max(highest, post.fence)
    return look.finding()


def unknown(run: ExchangeRun) -> Finding:
    """I16: an order whose reply was withheld was UNKNOWN, and is refused nowhere where the exchange has it."""
    look = Examination("I16", "no order that the exchange has counts as refused; what was not answered was unknown")
    lost = {event.data.order.order_id for event in run.orders if isinstance(event.data, OrderUnknown)}
    known = {event.data.order.order_id for event in run.orders if isinstance(event.data, OrderAcknowledged)}
    failed = {event.data.order.order_id: event.data.code for event in run.orders if isinstance(event.data, OrderFailed)}
    rows, taken = {row.tag: row for row in run.rows}, set(run.accepted.values())
    for post in run.posts:
        row = rows.get(post.tag)
        if row is None or (post.answered and post.tag not in taken):
            continue
        look.look()
        if not post.answered and row.order_id not in lost | known:
            look.fail(post.tag, f"order {post.tag} was not answered and is {row.state}")
        if post.tag in taken and failed.get(row.order_id, "rejected") != "rejected":
            look.fail(post.tag, f"the exchange has order {post.tag}, which failed here: {failed[row.order_id]}")
    return look.finding()


INVARIANTS: Final[tuple[Callable[[ExchangeRun], Finding], ...]] = (
    *(provenance, at_most_once, totality, fills, positions, rates, sequences, fences, unknown),
)


def check_exchange(run: ExchangeRun) -> tuple[Finding, ...]:
    """Every finding, in a fixed order."""
    return tuple(invariant(run) for invariant in INVARIANTS)


def counts(run: ExchangeRun) -> dict[str, int]:
    """What the run exercised."""
    unknown_orders = {event.data.order.order_id for event in run.orders if isinstance(event.data, OrderUnknown)}
    return {
        "posts": len(run.posts),
        "accepted": len(run.accepted),
        "trades": len(run.traded),
        "unknown": len(unknown_orders),
        "kills": run.kills,
        "fencings": run.fencings,
        "silences": run.silences,
        "updates_twice": run.faults.get("updates-twice", 0),
        "updates_shuffled": run.faults.get("updates-shuffled", 0),
    }


def verdict(findings: tuple[Finding, ...], exercised: dict[str, int], least: dict[str, int]) -> str:
    """PASS, FAIL, VACUOUS, or INVALID for a run that exercised too little."""
    if any(each.verdict is Verdict.FAIL for each in findings):
        return "FAIL"
    if any(exercised[name] < wanted for name, wanted in least.items()):
        return "INVALID"
    return "VACUOUS" if any(each.verdict is Verdict.VACUOUS for each in findings) else "PASS"
