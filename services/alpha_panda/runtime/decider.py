"""What a task's processor decides on items, guarded: refused ones are set aside, replayed ones decided once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from alpha_panda.domain.processor import AnyEvent, Processor, RefusedEventError
from alpha_panda.events.envelope import Envelope, MalformedEventError, decode
from alpha_panda.events.topics import Topic
from alpha_panda.runtime.guarded import GuardedProcessor
from alpha_panda.runtime.inbox import Item, Outcome
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.refusals import Refusals
from alpha_panda.runtime.replays import TakenReplays
from alpha_panda.runtime.seals import UnreadableSnapshotError


class Decider:
    """One task's processor and what became of each item that it was given."""

    def __init__(
        self,
        make: Callable[[], Processor],
        refusals: Refusals,
        metrics: Metrics,
        log: Any,  # noqa: ANN401 - structlog's loggers have no type
    ) -> None:
        """`make` gives a fresh processor without state."""
        self._make = make
        self._guarded = GuardedProcessor(make, None)
        self._refusals = refusals
        self._metrics = metrics
        self._log = log
        self._taken = TakenReplays()

    @property
    def processor(self) -> Processor:
        """The core, for its diagnostics and effects."""
        return self._guarded.processor

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot's state; raises UnreadableSnapshotError where the processor cannot."""
        try:
            self._guarded = GuardedProcessor(self._make, state)
        except Exception as error:
            raise UnreadableSnapshotError(f"its processor refuses it: {type(error).__name__}: {error}") from error

    def snapshot(self) -> bytes:
        """The state now."""
        return self._guarded.snapshot()

    def recall(self, name: str, envelope: Envelope, topic: Topic) -> None:
        """Tell the processor of its own output; what only claims to be one is for its readers to set aside."""
        try:
            self._guarded.recall(decode(envelope), topic)
        except (MalformedEventError, RefusedEventError) as error:
            self._log.warning("own output not understood", topic=name, id=envelope.id, reason=str(error))

    def heed(self, fact: msgspec.Struct) -> None:
        """Tell the processor what a live gate has read."""
        self._guarded.heed(fact)

    def reach(self, watermark: datetime) -> list[AnyEvent]:
        """What follows from time having passed."""
        return self._guarded.reach(watermark)

    def decide(self, items: list[Item]) -> list[AnyEvent]:
        """What follows from the items, in their order."""
        return [output for item in items for output in self.decide_one(item) or ()]

    def decide_one(self, item: Item) -> list[AnyEvent] | None:
        """What follows from an item; None where it is refused, or is a replayed one that is not this task's."""
        identity = item.event.id
        if item.replay is not None and not (self._refusals.has(item.replay) and self._taken.is_first(identity)):
            self._refusals.settle(item.record, Outcome.DUPLICATE)
            return None
        try:
            outputs = self._guarded.take(item.event, item.input.topic)
        except RefusedEventError as error:
            self._taken.forget(identity)
            self._log.warning("event refused", id=identity, topic=item.record.topic, reason=str(error))
            self._refusals.refuse(item.record, str(error))
            return None
        self._metrics.record(item.record.topic, Outcome.PROCESSED)
        return outputs
