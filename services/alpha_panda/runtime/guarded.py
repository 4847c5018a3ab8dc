"""A processor that a bad event cannot harm: an event that makes it fail leaves no half-made change behind.

What was processed since the last snapshot is remembered; when an event raises what nobody expected, a
fresh processor is restored and fed the same again without it, and the event is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from alpha_panda.domain.processor import AnyEvent, Processor, RefusedEventError
from alpha_panda.events.topics import Topic


class GuardedProcessor:
    """Wraps the processor of one task; `make` gives a fresh one with no state."""

    def __init__(self, make: Callable[[], Processor], state: bytes | None) -> None:
        """Start from `state`, or from nothing."""
        self._make = make
        self._base = state
        self._journal: list[tuple[AnyEvent, Topic] | Callable[[Processor], object]] = []
        """Events are most of it, so they are kept as they are."""
        self.processor = self._fresh()

    def take(self, event: AnyEvent, topic: Topic) -> list[AnyEvent]:
        """What follows from the event; raises RefusedEventError with the state as if it had never come."""
        try:
            outputs = list(self.processor.on_event(event, topic))
        except RefusedEventError:
            raise
        except Exception as error:
            self._rewind()
            raise RefusedEventError(f"processing failed: {type(error).__name__}: {error}") from error
        self._journal.append((event, topic))
        return outputs

    def reach(self, watermark: datetime) -> list[AnyEvent]:
        """What follows from time having passed."""
        outputs = list(self.processor.on_watermark(watermark))
        self._journal.append(lambda processor: list(processor.on_watermark(watermark)))
        return outputs

    def heed(self, fact: msgspec.Struct) -> None:
        """Tell the processor what a live gate has read; a rewind tells it again."""
        self.processor.heed(fact)
        self._journal.append(lambda processor: processor.heed(fact))

    def recall(self, event: AnyEvent, topic: Topic) -> None:
        """Tell the processor of its own output on the log; a rewind tells it again."""
        self.processor.recall(event, topic)
        self._journal.append(lambda processor: processor.recall(event, topic))

    def snapshot(self) -> bytes:
        """The state now; a rewind starts from here from now on."""
        self._base = self.processor.snapshot()
        self._journal.clear()
        return self._base

    def _fresh(self) -> Processor:
        processor = self._make()
        if self._base is not None:
            processor.restore(self._base)
        return processor

    def _rewind(self) -> None:
        self.processor = self._fresh()
        for again in self._journal:
            if isinstance(again, tuple):
                list(self.processor.on_event(*again))
            else:
                again(self.processor)
