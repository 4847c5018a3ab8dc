"""The gate: when has a task all of an epoch's input? Pure; the stream loop tells it what it has read.

An epoch is closed for a task when the markers of all its upstream tasks are read and the records that
they promise are too. Upstream tasks of `previous` are waited for one epoch back: paper trading takes the
signals that were validated in the epoch before, which is where the pipeline's loop has its delay.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from alpha_panda.events.epochs import EpochClosed

Partition = tuple[str, int]
"""A topic's full name and a partition number."""


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks that a task waits for."""

    current: tuple[str, ...]
    previous: tuple[str, ...] = ()


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """An epoch whose input is complete; control changes below these offsets apply in it.

    `ends` are the offsets before which its records stand, by the markers that closed it.
    """

    epoch: int
    ends: dict[Partition, int]
    watermark: datetime
    control: dict[str, int]
    final: bool


class EpochGate:
    """One task's view of the epochs. `feed` is the upstream task whose marker carries the watermark."""

    def __init__(self, upstream: Upstream, feed: str, inputs: frozenset[Partition], last: int | None) -> None:
        """Wait for the epoch after `last`; with None, for the first that a marker names (see `begin`)."""
        self._upstream = upstream
        self._feed = feed
        self._inputs = inputs
        self._first: int | None = None if last is None else last + 1
        self._next: int | None = self._first
        self._markers: dict[tuple[str, int], tuple[EpochClosed, datetime]] = {}
        self._restored = last is not None

    @property
    def next_epoch(self) -> int | None:
        """The epoch that is waited for; None before the first marker."""
        return self._next

    @property
    def waits_for(self) -> tuple[str, ...]:
        """The upstream tasks whose markers are missing; of this epoch's the feed's alone where it has not begun it."""
        epoch = self._next
        if epoch is None:
            return (self._feed,)
        missing = [task for task in self._upstream.current if (task, epoch) not in self._markers]
        if self._feed in missing:
            missing = [self._feed]
        if epoch != self._first or self._restored:
            missing += [task for task in self._upstream.previous if (task, epoch - 1) not in self._markers]
        return tuple(missing)

    @property
    def first_epoch(self) -> int | None:
        """The first epoch since the start or restart."""
        return self._first

    def begin(self, epoch: int) -> None:
        """The run starts for this task at `epoch`: a Broker that was added late has no earlier ones."""
        if self._next is None:
            self._first = self._next = epoch

    def saw_marker(self, marker: EpochClosed, watermark: datetime) -> bool:
        """Remember a marker of an upstream task; False where it is not waited for (a duplicate or another's)."""
        waited = marker.task in self._upstream.current or marker.task in self._upstream.previous
        if not waited or (self._next is not None and marker.epoch < self._next - 1):
            return False
        key = (marker.task, marker.epoch)
        if key in self._markers:
            return False
        self._markers[key] = (marker, watermark)
        return True

    def closing(self, positions: dict[Partition, int]) -> Closing | None:
        """The next epoch if all its input has been read up to `positions` (next offset to read)."""
        epoch = self._next
        if epoch is None or (self._feed, epoch) not in self._markers:
            return None
        wanted = [(task, epoch) for task in self._upstream.current]
        if epoch != self._first or self._restored:
            wanted += [(task, epoch - 1) for task in self._upstream.previous]
        ends: dict[Partition, int] = {}
        for key in wanted:
            if key not in self._markers:
                return None
            for where, end in self._promised(self._markers[key][0]):
                ends[where] = max(end, ends.get(where, 0))
        if any(positions.get(where, 0) < end for where, end in ends.items()):
            return None
        feed, watermark = self._markers[self._feed, epoch]
        if any(positions.get((topic, 0), 0) < end for topic, end in feed.control.items() if (topic, 0) in self._inputs):
            return None
        return Closing(epoch=epoch, ends=ends, watermark=watermark, control=feed.control, final=feed.final)

    def closed(self, epoch: int) -> None:
        """The task is done with `epoch`; its own markers stay one epoch more for tasks that look back."""
        self._next = epoch + 1
        self._markers = {key: value for key, value in self._markers.items() if key[1] >= epoch}

    def _promised(self, marker: EpochClosed) -> Iterator[tuple[Partition, int]]:
        """What a marker says of the task's own inputs."""
        for topic, ends in marker.outputs.items():
            for partition, end in ends.items():
                if partition.isdecimal() and (where := (topic, int(partition))) in self._inputs:
                    yield where, end
