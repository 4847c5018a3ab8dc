"""Turns: which inputs a live task decided on together, told with each output, so that a restart decides them again.

Without epochs the topics of a task are read in an order that nothing fixes, and where what follows from a
record depends on what was read before it, a restart would decide otherwise than what is on the log. So each
output carries the turn that it is of: from where to where each input was read, and what a gate had answered.
A restart takes the turns on its log first, in their order; then it goes on as it likes. Turns without an
output are not on the log: they left nothing, so they are taken together, ahead of the next one that did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from alpha_panda.events.envelope import MalformedEventError
from alpha_panda.runtime.batches import Headers
from alpha_panda.runtime.gate import Partition
from alpha_panda.runtime.inbox import Item
from alpha_panda.runtime.snapshots import Offsets, by_topic

HEADER: Final = "panda-turn"


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate answered: whether it was an answer, and the fact as JSON."""

    known: bool
    fact: msgspec.Raw


class Turn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The inputs of one turn by topic and partition: those behind `since` and before `until`; what it knew beside."""

    since: Offsets
    until: Offsets
    """Only the partitions that moved."""
    watermark: datetime | None = None
    """The event time that the task had come to before it."""
    heard: Heard | None = None

    @property
    def headers(self) -> Headers:
        """What an output of this turn carries."""
        return ((HEADER, _ENCODER.encode(self)),)

    @property
    def order(self) -> tuple[int, int]:
        """Sorts the turns of a task, which only ever reads on: where they begin, and how far they go."""
        since, until = _flat(self.since), _flat(self.until)
        return sum(since.values()), sum((since | until).values())

    def is_read(self, positions: Mapping[Partition, int]) -> bool:
        """Whether everything that it decided on was read."""
        return all(positions.get(where, 0) >= end for where, end in (_flat(self.since) | _flat(self.until)).items())

    def is_before(self, item: Item) -> bool:
        """Whether the item was read before this turn began."""
        offset: int = item.record.offset
        return offset < self.since.get(item.record.topic, {}).get(item.record.partition, 0)

    def takes(self, item: Item) -> bool:
        """Whether the item was read by the end of this turn."""
        end = self.until.get(item.record.topic, {}).get(item.record.partition, 0)
        offset: int = item.record.offset
        return self.is_before(item) or offset < end


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Turn)


def turn_of(headers: Sequence[tuple[str, bytes]]) -> Turn | None:
    """The turn that an output on the log is of; raises MalformedEventError where the header is none of ours."""
    for name, value in headers:
        if name == HEADER:
            try:
                return _DECODER.decode(value)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise MalformedEventError(f"its header {HEADER} is no turn: {error}") from error
    return None


class Turns:
    """The turns of one task: those on the log that are to be taken again, and how far the last one came."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._former: list[Turn] = []
        self._until: dict[Partition, int] = {}

    def begin(self, positions: Mapping[Partition, int], found: Iterable[Turn]) -> None:
        """Go on from a snapshot that has come to `positions`; `found` are the turns that outputs since tell of."""
        self._until = dict(positions)
        new = {turn.order: turn for turn in found if not turn.is_read(positions)}
        self._former = [turn for _, turn in sorted(new.items())]

    @property
    def behind(self) -> bool:
        """Whether turns of a former life are still to be taken."""
        return bool(self._former)

    def again(self, positions: Mapping[Partition, int]) -> Turn | None:
        """The next turn of a former life, once all that it decided on was read."""
        if not self._former or not self._former[0].is_read(positions):
            return None
        turn = self._former.pop(0)
        self._until |= _flat(turn.since) | _flat(turn.until)
        return turn

    def next(self, positions: Mapping[Partition, int], watermark: datetime | None, heard: Heard | None) -> Turn:
        """A turn that decides on everything up to `positions`."""
        since, moved = self._until, {where: end for where, end in positions.items() if self._until.get(where) != end}
        self._until = since | moved
        return Turn(since=by_topic(since), until=by_topic(moved), watermark=watermark, heard=heard)

    def give_up(self, ends: Mapping[Partition, int]) -> str:
        """Forget turns whose inputs are gone from the log, which now ends at `ends`; what is to be said of it."""
        gone = sorted(
            f"{topic}/{p} was read to {end} and ends at {ends[topic, p]}"
            for turn in self._former
            for topic, partitions in turn.until.items()
            for p, end in partitions.items()
            if end > ends.get((topic, p), end)
        )
        if not gone:
            return ""
        self._former.clear()
        return f"what was decided since the snapshot cannot be decided again in its order: {gone[0]}"


def _flat(offsets: Offsets) -> dict[Partition, int]:
    return {(topic, p): offset for topic, ends in offsets.items() for p, offset in ends.items()}
