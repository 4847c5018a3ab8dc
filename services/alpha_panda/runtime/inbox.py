"""What a task has read and not yet decided on. Pure: records in, outcomes and ordered events out.

In a replay, records wait here for their epoch to close; without epochs they leave as they came. Every
record has exactly one outcome (`Outcome`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec
from aiokafka import ConsumerRecord

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Envelope, MalformedEventError
from alpha_panda.events.market import Tick
from alpha_panda.events.registry import KIND_RANK
from alpha_panda.events.topics import Scope, Topic
from alpha_panda.runtime.placement import read_event
from alpha_panda.runtime.replays import Replay, replay_of

_REMEMBERED_IDS = 10_000
"""Ids kept for deduplication without epochs: at the 10 orders a second an account may place, a quarter of an hour."""

TICKS_AHEAD: Final = timedelta(hours=2)
"""How far a live tick may be ahead of the clock, which somebody may have set wrong by an hour.

An instrument whose last tick is of the future says nothing more until then: so far a wrong tick can mute it.
"""
_NEVER: Final = (datetime.min.replace(tzinfo=UTC), -1)


class Outcome(StrEnum):
    """What became of a record."""

    PROCESSED = "processed"
    DUPLICATE = "duplicate"
    DEAD_LETTER = "dead_letter"
    BEFORE_START = "before_start"
    OVERTAKEN = "overtaken"
    """A later one of its key was read with it, and the processor needs no more (`Processor.needs_every`)."""
    OWNERSHIP = "ownership"
    """A claim: what stands behind it is measured by it."""
    FENCED = "fenced"
    """Written by an owner that another one has replaced."""


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """How a service takes a topic: phases go in turn within an epoch; `lag` 1 takes the epoch before's records.

    `in_sequence` drops a tick that is not newer than the instrument's last, for services that do not
    count late ticks themselves.
    """

    topic: Topic
    phase: int = 0
    lag: int = 0
    in_sequence: bool = True


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A record that was understood and waits to be processed."""

    event: AnyEvent
    input: Input
    record: ConsumerRecord
    replay: Replay | None = None
    """Set where somebody wrote a dead letter back."""

    @property
    def order(self) -> tuple[object, ...]:
        """The order within an epoch: phase, event time, kind, instrument, sequence, id."""
        event = self.event
        return (
            self.input.phase,
            event.event_time,
            KIND_RANK[type(event.data).__name__],
            event.key_instrument or 0,
            event.sequence,
            event.id,
        )


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A record that goes to its dead-letter topic."""

    record: ConsumerRecord
    reason: str
    replay: Replay | None = None


class Inbox:
    """The waiting room of one task."""

    def __init__(
        self, knows: Callable[[int], bool], partitions: int, now: Callable[[], datetime] | None = None
    ) -> None:
        """`knows` says whether an instrument token is in the table; `partitions` is the pipeline topics' count.

        `now` is the wall clock that live ticks are held against; a replay has none.
        """
        self._now = now
        self._knows = knows
        self._partitions = partitions
        self._by_epoch: dict[int, dict[tuple[str, str], Item]] = {}
        self._control: list[Item] = []
        self._replayed: list[Item] = []
        self._recent: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._latest: dict[int, tuple[datetime, int]] = {}

    def understand(self, record: ConsumerRecord, source: Input, header: Envelope | None = None) -> Item | Refused:
        """Decode a record (its `header` may be read already); the reason why it cannot be, otherwise."""
        try:
            event = read_event(record, source.topic, self._partitions, header)
        except MalformedEventError as error:
            return Refused(record=record, reason=str(error))
        token = event.key_instrument
        if source.topic.scope is not Scope.CONTROL and token is not None and not self._knows(token):
            return Refused(record=record, reason=f"instrument token {token} is not in the instrument table")
        if isinstance(event.data, Tick) and self._now is not None and event.event_time > self._now() + TICKS_AHEAD:
            return Refused(record=record, reason=f"a tick of {event.event_time.isoformat()}, which is yet to come")
        replay = replay_of(record.headers) if record.headers else None
        return Item(event=event, input=source, record=record, replay=replay)

    def hold(self, item: Item, next_epoch: int | None) -> Outcome | Refused | None:
        """Keep an item until its epoch closes; None says that it waits."""
        epoch = item.event.epoch
        if epoch is None:
            return Refused(record=item.record, reason="the record has no epoch, and this run is a replay by epochs")
        if item.replay is not None:
            self._replayed.append(item)
            return None
        effective = epoch + item.input.lag
        if next_epoch is not None and effective < next_epoch:
            return Outcome.DUPLICATE
        waiting = self._by_epoch.setdefault(effective, {})
        identity = (item.record.topic, item.event.id)
        if identity in waiting:
            return Outcome.DUPLICATE  # the first on the log counts
        waiting[identity] = item
        return None

    def hold_control(self, item: Item) -> None:
        """Keep a control change until an epoch names it."""
        self._control.append(item)

    def admit(self, item: Item) -> Outcome | None:
        """Without epochs: is the item new? None says that it is."""
        event = item.event
        if item.replay is not None:
            return self._admit_replayed(item)
        if isinstance(event.data, Tick):
            if item.input.in_sequence:
                moment = (event.event_time, event.sequence)
                if moment <= self._latest.get(event.data.instrument_token, _NEVER):
                    return Outcome.DUPLICATE
                self._latest[event.data.instrument_token] = moment
            return None
        key = (item.input.topic.name, event.id)
        if key in self._recent:
            return Outcome.DUPLICATE
        self._recent[key] = None
        if len(self._recent) > _REMEMBERED_IDS:
            self._recent.popitem(last=False)
        return None

    def _admit_replayed(self, item: Item) -> Outcome | None:
        """Its id was seen when it was refused, so that says nothing; but a price of the past is no news."""
        tick = item.event.data
        if not isinstance(tick, Tick) or not item.input.in_sequence:
            return None
        latest, moment = self._latest.get(tick.instrument_token, _NEVER), (item.event.event_time, item.event.sequence)
        self._latest[tick.instrument_token] = max(latest, moment)
        return Outcome.DUPLICATE if moment < latest else None

    def discard_before(self, epoch: int) -> int:
        """Forget what belongs to epochs before the task's first; returns how many records."""
        early = [number for number in self._by_epoch if number < epoch]
        return sum(len(self._by_epoch.pop(number)) for number in early)

    def take(
        self, epoch: int, control: dict[str, int], ends: dict[tuple[str, int], int]
    ) -> tuple[list[Item], list[Item]]:
        """The items of a closed epoch in order, after the control changes that it names; and those too late for it.

        Only what stands before the `ends` that the epoch's markers promise belongs to it: a record that
        somebody writes later is late for every reader, however far each has read. A replayed dead letter
        belongs to the first epoch that it stands before the end of, after everything else in it.
        """
        changes = [item for item in self._control if item.record.offset < control.get(item.record.topic, 0)]
        self._control = [item for item in self._control if item.record.offset >= control.get(item.record.topic, 0)]
        changes.sort(key=lambda item: (item.event.event_time, item.record.topic, item.record.offset))
        waiting = sorted(self._by_epoch.pop(epoch, {}).values(), key=lambda item: item.order)
        in_time, late = list(changes), list[Item]()
        for item in waiting:
            end = ends.get((item.record.topic, item.record.partition), 0)
            (in_time if item.record.offset < end else late).append(item)
        again, old = self._take_replayed(epoch, ends)
        return in_time + again, late + old

    def _take_replayed(self, epoch: int, ends: dict[tuple[str, int], int]) -> tuple[list[Item], list[Item]]:
        """The replayed records of an epoch in order; and prices of epochs before it, which are no news."""
        taken, old, left = list[Item](), list[Item](), list[Item]()
        for item in self._replayed:
            written = (item.event.epoch or 0) + item.input.lag
            if written > epoch or item.record.offset >= ends.get((item.record.topic, item.record.partition), 0):
                left.append(item)
            elif written < epoch and isinstance(item.event.data, Tick) and item.input.in_sequence:
                old.append(item)
            else:
                taken.append(item)
        self._replayed = left
        return sorted(taken, key=lambda item: item.order), old

    def rest(self) -> list[Refused]:
        """After the final epoch: what belongs to no epoch of the run."""
        left = [item for waiting in self._by_epoch.values() for item in waiting.values()]
        replayed, self._replayed = self._replayed, []
        self._by_epoch.clear()
        return [
            *(
                Refused(record=item.record, reason=f"epoch {item.event.epoch} is after the last of this run")
                for item in left
            ),
            *(
                Refused(record=item.record, reason="no epoch of this run is left to take it", replay=item.replay)
                for item in replayed
            ),
        ]

    def oldest(self) -> dict[tuple[str, int], int]:
        """By topic and partition: the lowest offset that still waits."""
        offsets: dict[tuple[str, int], int] = {}
        for item in self._waiting():
            key = (item.record.topic, item.record.partition)
            offsets[key] = min(offsets.get(key, item.record.offset), item.record.offset)
        return offsets

    @property
    def size(self) -> int:
        """How many records wait, control changes apart: they may wait for an epoch that never names them."""
        return len(self._replayed) + sum(len(waiting) for waiting in self._by_epoch.values())

    def _waiting(self) -> Iterable[Item]:
        yield from self._control
        yield from self._replayed
        for waiting in self._by_epoch.values():
            yield from waiting.values()
