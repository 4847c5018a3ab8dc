"""What a task does not process: counted, told, and where it is refused set aside before anything is committed."""

from __future__ import annotations

from typing import Any

from aiokafka import ConsumerRecord

from alpha_panda.runtime.inbox import Outcome, Refused
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.replays import Replay


class Refusals:
    """The refused records of a task that wait for their dead letters."""

    def __init__(self, publisher: Publisher, metrics: Metrics, log: Any) -> None:  # noqa: ANN401 - structlog's loggers have no type
        """Write through `publisher`; tell `log`."""
        self._publisher = publisher
        self._metrics = metrics
        self._log = log
        self._waiting: list[Refused] = []

    def refuse(self, record: ConsumerRecord, reason: str) -> None:
        """The record goes to its dead-letter topic."""
        self._waiting.append(Refused(record=record, reason=reason))

    def settle(self, record: ConsumerRecord, outcome: Outcome | Refused | None) -> None:
        """Take the outcome of a record that is not processed; None says that it waits."""
        if isinstance(outcome, Refused):
            self._waiting.append(outcome)
        elif outcome is not None:
            self._metrics.record(record.topic, outcome)
            self._log.info(
                "dropped", outcome=outcome, topic=record.topic, partition=record.partition, offset=record.offset
            )

    async def bury(self) -> bool:
        """Set refused records aside; False where there were none. Nothing is committed before this has worked."""
        some = bool(self._waiting)
        while self._waiting:
            refused = self._waiting[0]
            if await self._publisher.set_aside(refused.record, refused.reason):
                self._metrics.record(refused.record.topic, Outcome.DEAD_LETTER)
                self._log.warning(
                    "dead letter",
                    topic=refused.record.topic,
                    partition=refused.record.partition,
                    offset=refused.record.offset,
                    reason=refused.reason,
                )
            self._waiting.pop(0)
        return some

    def has(self, replay: Replay) -> bool:
        """Whether the record that came back is one that this group could not process."""
        waiting = ((each.record.topic, each.record.partition, each.record.offset) for each in self._waiting)
        return self._publisher.has_set_aside(replay.of) or replay.of in waiting
