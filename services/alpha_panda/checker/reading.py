"""From records to facts: each record decoded once, by topic, Broker and id, and those that cannot be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, TypeVar

import msgspec

from alpha_panda.checker.model import Log, Record, place_text
from alpha_panda.events.envelope import Envelope, Event, MalformedEventError, decode, decode_header
from alpha_panda.events.fences import Fences, claim_of
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.topics import DLQ_SUFFIX, Scope, Topic, parse_name

ShapeT = TypeVar("ShapeT", bound=msgspec.Struct)
REPLAY_OF: Final = "panda-replay-of"
"""The header of a dead letter that was written back to its topic; part of the log's format."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A record that is an event."""

    record: Record
    topic: Topic
    broker: str | None
    """Whose topic it is on."""
    envelope: Envelope
    event: Event[Any]

    @property
    def at(self) -> str:
        """Its place, for people."""
        return place_text(self.record.place)


class Malformed(msgspec.Struct, frozen=True, kw_only=True):
    """A record that no consumer can process, and why."""

    record: Record
    reason: str


class Facts:
    """The log of a run, understood."""

    def __init__(self, log: Log) -> None:
        """Decode every record of a topic of the table; dead letters and their replayed copies are kept apart.

        So are claims, and what stands behind a later owner's: no reader takes it.
        """
        self.log = log
        self.all: list[Fact] = []
        self.malformed: list[Malformed] = []
        self.dead_letters: list[Record] = []
        self.replayed: list[Fact] = []
        self.claims: list[Fact] = []
        self.fenced: list[Fact] = []
        self._fences = Fences()
        self.by_id: dict[str, list[Fact]] = defaultdict(list)
        for record in sorted(log.records, key=lambda each: each.place):
            if record.topic.endswith(DLQ_SUFFIX):
                self.dead_letters.append(record)
                continue
            self._read(record)

    @property
    def brokers(self) -> list[str]:
        """Every Broker that has a record, sorted."""
        return sorted({fact.broker for fact in self.all if fact.broker is not None})

    def of(self, shape: type[ShapeT], broker: str | None = None) -> Iterator[tuple[Fact, ShapeT]]:
        """All events of a type, those of one Broker where it is named, in the order of the log."""
        for fact in self.all:
            if isinstance(fact.event.data, shape) and (broker is None or fact.broker == broker):
                yield fact, fact.event.data

    def _read(self, record: Record) -> None:
        topic, broker = parse_name(record.topic, self.log.prefix)
        fact = self._understand(record, topic, broker)
        if isinstance(fact, Malformed):
            self.malformed.append(fact)
            return
        if any(name == REPLAY_OF for name, _ in record.headers):
            self.replayed.append(fact)
            return
        if self._fences.is_fenced(record.place, fact.envelope):
            self.fenced.append(fact)
            return
        if isinstance(fact.event.data, OwnershipTaken):
            self._fences.learn(record.place, fact.event.data)
            self.claims.append(fact)
            return
        self.all.append(fact)
        self.by_id[fact.event.id].append(fact)

    def _understand(self, record: Record, topic: Topic, broker: str | None) -> Fact | Malformed:
        if record.key is None:
            return Malformed(record=record, reason="no key")
        try:
            envelope = decode_header(record.value)
            event = decode(envelope, record.key.decode())
            claim_of(envelope)
        except (MalformedEventError, UnicodeDecodeError) as error:
            return Malformed(record=record, reason=str(error))
        token = instrument_of(event.data)
        known = self.log.instruments
        if topic.scope is not Scope.CONTROL and token is not None and known is not None and token not in known:
            return Malformed(record=record, reason=f"unknown instrument {token}")
        return Fact(record=record, topic=topic, broker=broker, envelope=envelope, event=event)


def instrument_of(data: object) -> int | None:
    """The instrument token of an event's data, also where it is a signal's or an order's."""
    for part in (data, getattr(data, "signal", None), getattr(data, "order", None)):
        token = getattr(part, "instrument_token", None)
        if isinstance(token, int):
            return token
    return None
