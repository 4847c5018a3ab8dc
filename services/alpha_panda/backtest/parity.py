"""Parity: the events of a backtest held against those that services wrote to the log, id by id. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import msgspec

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.registry import EVENT_TOPICS, KIND_RANK
from alpha_panda.events.topics import Scope


class Fault(StrEnum):
    """How an event differs."""

    MISSING = "missing"
    """The backtest says it, and the log does not have it."""
    EXTRA = "extra"
    """The log has it, and the backtest does not say it."""
    DIFFERENT = "different"
    """Both have the id, and a field is not the same."""
    REPEATED = "repeated"
    """The id stands on one side more than once."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One event that is not the same, or not on both sides."""

    fault: Fault
    kind: str
    broker: str | None
    time: str
    id: str
    field: str = ""
    """Where it differs, as a path: `data.order.quantity`."""
    backtest: Any = None
    services: Any = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: how many events of each kind are equal, and every difference in the order of time."""

    equal: dict[str, int]
    differences: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        """Whether both sides say the same, and say something."""
        return not self.differences and bool(self.equal)


def is_compared(event: AnyEvent) -> bool:
    """Whether parity is about it: what the market, the strategies and the Brokers' services say, without markers."""
    topic = EVENT_TOPICS.get(type(event.data))
    return topic is not None and topic.scope in (Scope.MARKET, Scope.BROKER)


def compare(backtest: Iterable[AnyEvent], services: Iterable[AnyEvent]) -> Comparison:
    """Hold both against each other; events that parity is not about are left out."""
    differences: list[Difference] = []
    ours = _by_id(backtest, differences, "backtest")
    theirs = _by_id(services, differences, "services")
    equal: Counter[str] = Counter()
    for key, event in ours.items():
        other = theirs.get(key)
        if other is None:
            differences.append(_difference(Fault.MISSING, event))
            continue
        found = list(_fields("", _plain(event), _plain(other)))
        differences += [
            _difference(Fault.DIFFERENT, event, field=path, backtest=left, services=right)
            for path, left, right in found
        ]
        if not found:
            equal[key[0]] += 1
    differences += [_difference(Fault.EXTRA, event) for key, event in theirs.items() if key not in ours]
    differences.sort(key=lambda each: (each.time, KIND_RANK[each.kind], each.id, each.field))
    ranked = dict(sorted(equal.items(), key=lambda pair: KIND_RANK[pair[0]]))
    return Comparison(equal=ranked, differences=tuple(differences))


def _by_id(events: Iterable[AnyEvent], differences: list[Difference], side: str) -> dict[tuple[str, str], AnyEvent]:
    found: dict[tuple[str, str], AnyEvent] = {}
    for event in events:
        if not is_compared(event):
            continue
        key = type(event.data).__name__, event.id
        if key in found:
            differences.append(_difference(Fault.REPEATED, event, **{side: "twice"}))
        found[key] = event
    return found


def _plain(event: AnyEvent) -> dict[str, Any]:
    """All that the log keeps of an event and that does not depend on who wrote it when."""
    plain: dict[str, Any] = msgspec.to_builtins(event)
    return {name: value for name, value in plain.items() if name not in ("key", "key_instrument")}


def _fields(path: str, left: object, right: object) -> Iterator[tuple[str, object, object]]:
    """Each place at which two plain values differ."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in dict.fromkeys((*left, *right)):
            yield from _fields(f"{path}.{name}" if path else str(name), left.get(name), right.get(name))
    elif left != right:
        yield path, left, right


def _difference(fault: Fault, event: AnyEvent, **fields: Any) -> Difference:  # noqa: ANN401 — any field's value
    return Difference(
        fault=fault,
        kind=type(event.data).__name__,
        broker=event.broker,
        time=event.event_time.isoformat(),
        id=event.id,
        **fields,
    )
