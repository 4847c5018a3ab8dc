"""What a task finds on the log of its own: the outputs of its former lives, until it has decided them again."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.events.envelope import Envelope
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.runtime.dead_letters import Coordinates
from alpha_panda.runtime.snapshots import Offsets


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """An output of a former life: where it is on the log and which moment it is of."""

    where: Coordinates
    epoch: int | None
    event_time: datetime

    def is_before(self, epoch: int | None, watermark: datetime | None) -> bool:
        """Whether a task that has come so far would have decided it again by now."""
        if self.epoch is not None:
            return epoch is not None and self.epoch <= epoch
        return watermark is not None and self.event_time < watermark


class RecoveredOutputs:
    """By id; what is decided again is taken out."""

    def __init__(self) -> None:
        """None yet."""
        self._by_id: dict[str, _Found] = {}
        self._marked: dict[str, int] = {}
        self._ahead: list[_Found] = []

    def add(self, where: Coordinates, envelope: Envelope) -> None:
        """An output is on the log there."""
        self._by_id[envelope.id] = _Found(where=where, epoch=envelope.epoch, event_time=envelope.event_time)
        if envelope.type == EpochClosed.__name__:
            self._marked[where[0]] = max(envelope.epoch or 0, self._marked.get(where[0], 0))

    def complete(self) -> None:
        """All are added: see which are of a later epoch than the one that is to be marked next.

        A crash leaves none of these. A takeover may: its claim reaches the topic of the markers first, and
        an owner that is only slow goes on until it has reached the others, too.
        """
        epochs = [found.epoch for found in self._by_id.values() if found.epoch is not None]
        following = min(self._marked.values()) + 1 if self._marked else min(epochs, default=0)
        self._ahead = [found for found in self._by_id.values() if (found.epoch or 0) > following]

    def take(self, identity: str) -> bool:
        """Whether the event is on the log; it is asked for once."""
        return self._by_id.pop(identity, None) is not None

    def before(self, ends: Offsets, epoch: int | None, watermark: datetime | None) -> Offsets:
        """From where a task that has come to `epoch` or `watermark` must read its own outputs again."""
        return _lowered(ends, [each for each in self._by_id.values() if not each.is_before(epoch, watermark)])

    def promised(self, ends: Offsets, epoch: int) -> Offsets:
        """The ends of what is of `epoch` and before: what stands behind them is of later ones."""
        self._ahead = [found for found in self._ahead if (found.epoch or 0) > epoch]
        return _lowered(ends, self._ahead)


def _lowered(ends: Offsets, excepted: list[_Found]) -> Offsets:
    lowered = {topic: dict(by_partition) for topic, by_partition in ends.items()}
    for found in excepted:
        topic, partition, offset = found.where
        lowered[topic][partition] = min(lowered[topic][partition], offset)
    return lowered
