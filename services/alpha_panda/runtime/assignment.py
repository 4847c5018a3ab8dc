"""What a consumer reads and from where; whatever is no longer there is said, in the log and in the status."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.kafka import translate
from alpha_panda.runtime.starts import start_at

Positions = dict[tuple[str, int], int]
"""By topic and partition: the next offset to read; none where nothing was read yet."""
_LOOK_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 5.0
"""A topic whose leader changes is away from the client's view for a moment."""


async def assign(consumer: AIOKafkaConsumer, wanted: Mapping[TopicPartition, Sequence[Positions]]) -> list[str]:
    """Assign partitions, each from where the slowest of its readers is; what was lost, in sentences.

    The position of a reader that waits for what is gone is moved to what is there: else it would pass over
    everything that comes, in silence.
    """
    assigned = list(wanted)
    consumer.assign(assigned)
    try:
        beginnings, ends = await consumer.beginning_offsets(assigned), await consumer.end_offsets(assigned)
    except kafka_errors.KafkaError as error:
        raise translate(error) from error
    losses: dict[str, None] = {}
    for partition, readers in wanted.items():
        where, name = (partition.topic, partition.partition), f"{partition.topic}/{partition.partition}"
        starts = [start_at(name, each.get(where), beginnings[partition], ends[partition]) for each in readers]
        for reader, start in zip(readers, starts, strict=True):
            if start.loss or start.offset:  # a turn waits for positions, also where nothing is left to read
                reader[where] = start.offset
            if start.loss:
                losses[start.loss] = None
        consumer.seek(partition, min(start.offset for start in starts))
    for loss in losses:
        structlog.get_logger().error("records are gone", reason=loss)
    return list(losses)


class TopicWatch:
    """Whether the topics that a service needs exist, at its start and while it runs."""

    def __init__(self, names: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        """Full names; `clock` is monotonic seconds."""
        self._names = tuple(sorted(set(names)))
        self._clock = clock
        self._looked_at = self._whole_at = clock()

    async def require(self, consumer: AIOKafkaConsumer) -> None:
        """Raise TransientError where one is missing; without this a client asks for it for ever."""
        try:
            there = await consumer.topics()
        except kafka_errors.KafkaError as error:
            raise translate(error) from error
        if missing := [name for name in self._names if name not in there]:
            raise _missing(missing)

    def look(self, consumer: AIOKafkaConsumer) -> None:
        """Raise TransientError where a topic that is read has been away for some seconds: it was deleted."""
        now = self._clock()
        if now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        read = {partition.topic for partition in consumer.assignment()}
        missing = sorted(name for name in read if not consumer.partitions_for_topic(name))
        if not missing:
            self._whole_at = now
        elif now - self._whole_at > _PATIENCE_SECONDS:
            raise _missing(missing)


def _missing(names: Sequence[str]) -> TransientError:
    many = "topics do" if len(names) > 1 else "topic does"
    return TransientError(
        f"{len(names)} {many} not exist: {', '.join(names)}",
        remedy="`panda up` makes what is missing again, and this goes on; what was on it is gone",
    )
