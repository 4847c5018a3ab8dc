"""The shape of a service's core: facts in, facts out, no I/O and no clock of its own.

The stream runtime calls a processor from one thread, in an order that it guarantees: within an epoch by
phase, event time, kind, instrument, sequence and id; without epochs as records arrive. Given the same
events in the same order, a processor returns the same events with the same ids; this is what replay,
recovery and tests rest on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from alpha_panda.errors import PandaError
from alpha_panda.events.envelope import Event
from alpha_panda.events.topics import Topic

AnyEvent = Event[Any]


class RefusedEventError(PandaError):
    """An event that cannot be processed and never will; it goes to a dead-letter topic, the state stays as it was."""


class Processor(ABC):
    """The pure core of one task of a service."""

    @abstractmethod
    def on_event(self, event: AnyEvent, topic: Topic) -> Iterable[AnyEvent]:
        """Take one fact in; return what follows from it, in order."""

    def on_watermark(self, watermark: datetime) -> Iterable[AnyEvent]:
        """Everything before `watermark` (event time) has been seen: close bars, fire timers, expire orders.

        Called at the end of each epoch, and without epochs after each batch with the latest event time, which
        may be that of a batch before.
        """
        _ = watermark
        return ()

    def needs_every(self, topic: Topic) -> bool:
        """Whether every record of the topic counts.

        Where not, then of those without epochs that were read together only the last of each key comes: a
        price that marks a position is all that the prices before it are there for.
        """
        _ = topic
        return True

    def heed(self, fact: msgspec.Struct) -> None:
        """Take in what a live gate has read beside the log (see `runtime.live_gate`); a replay never has such facts."""
        _ = fact

    def recall(self, event: AnyEvent, topic: Topic) -> None:
        """Meet an output of one's own that is on the log but not yet in the restored state.

        A restart calls it for each such record before any input: what was decided stands, whatever a
        second look at the inputs would say.
        """
        _ = (event, topic)

    def diagnostics(self) -> dict[str, int]:
        """Counters for metrics, by name; they are not part of the state."""
        return {}

    def by_strategy(self) -> dict[str, dict[str, int]]:
        """Numbers of each strategy for metrics, by name; they are not part of the state either."""
        return {}

    @abstractmethod
    def snapshot(self) -> bytes:
        """The whole state; `restore` of it on a fresh processor gives an equal one."""

    @abstractmethod
    def restore(self, state: bytes) -> None:
        """Take over a state that `snapshot` wrote."""
