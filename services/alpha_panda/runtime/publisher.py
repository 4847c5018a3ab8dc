"""How a task writes: it knows which events are already on the log, waits for every acknowledgement, and marks epochs.

After a restart a task decides again what it had decided since its snapshot. What is on the log already
is found by its id and not written twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Envelope, Event, MalformedEventError, Origin, decode_header, encode
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.ids import event_id, partition_of
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.events.topics import BROKER_EPOCHS, DLQ_SUFFIX, Scope, Topic
from alpha_panda.runtime.dead_letters import Coordinates, coordinates_of, dead_letter_headers, row_headers, topic_for
from alpha_panda.runtime.fail_points import NO_FAIL_POINTS, FailPoint, FailPoints
from alpha_panda.runtime.kafka import translate
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.replays import replay_of
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


class Publisher:
    """The outputs of one task."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that every write needs
        self,
        producer: AIOKafkaProducer,
        metrics: Metrics,
        origin: Origin,
        group: str,
        prefix: str,
        partitions: int,
        letters: set[Coordinates] | None = None,
        fail_points: FailPoints = NO_FAIL_POINTS,
    ) -> None:
        """Write as `origin`; `partitions` is the count of every pipeline topic.

        `letters` are the records that the group has set aside. The tasks of a process share them, since all
        of them read the control and epoch topics and a group writes one dead letter of a record.
        """
        self._producer = producer
        self._fail_points = fail_points
        self._metrics = metrics
        self._origin = origin
        self._group = group
        self._prefix = prefix
        self._partitions = partitions
        self._on_log: dict[str, _Found] = {}
        self._set_aside: set[Coordinates] = set() if letters is None else letters
        self.ends: Offsets = {}

    async def recover(
        self, reader: AIOKafkaConsumer, topics: dict[str, tuple[int, ...]], since: Offsets
    ) -> list[tuple[str, Envelope]]:
        """Read one's own outputs from `since` to their end; return them by topic, oldest first per partition."""
        self.ends = {topic: dict(ends) for topic, ends in since.items()}
        wanted = [TopicPartition(topic, p) for topic, numbers in topics.items() for p in numbers]
        found: list[tuple[str, Envelope]] = []
        async for record in read_to_end(reader, wanted, since):
            if record.topic.endswith(DLQ_SUFFIX):
                if (coordinates := coordinates_of(record.headers, self._group)) is not None:
                    self._set_aside.add(coordinates)
                continue
            self.ends.setdefault(record.topic, {})[record.partition] = record.offset + 1
            if replay_of(record.headers) is not None:
                continue  # a copy that somebody wrote back
            try:
                envelope = decode_header(record.value)
            except MalformedEventError:
                continue  # somebody else's rubbish: its readers set it aside
            if envelope.source == self._origin.source:
                where = (record.topic, record.partition, record.offset)
                self._on_log[envelope.id] = _Found(where=where, epoch=envelope.epoch, event_time=envelope.event_time)
                found.append((record.topic, envelope))
        return found

    def ends_for(self, epoch: int | None, watermark: datetime | None) -> Offsets:
        """From where a restart that has come to `epoch` or `watermark` must read its own outputs again.

        What a former life wrote and this one has not decided again yet is before these offsets: else a
        second crash would forget that it is on the log, and it would be written twice.
        """
        ends = {topic: dict(ends) for topic, ends in self.ends.items()}
        for found in self._on_log.values():
            if not found.is_before(epoch, watermark):
                topic, partition, offset = found.where
                ends[topic][partition] = min(ends[topic][partition], offset)
        return ends

    async def publish(self, events: Sequence[AnyEvent], epoch: int | None) -> None:
        """Write the events that are not on the log yet and wait until all are acknowledged."""
        pending = []
        for event in events:
            if self._on_log.pop(event.id, None) is not None:
                continue
            topic = EVENT_TOPICS[type(event.data)]
            name, partition = self._address(topic, event)
            pending.append((name, partition, event.key.encode(), encode(event, self._origin, epoch)))
        if not pending:
            return
        self._fail_points.reached(FailPoint.BEFORE_PRODUCE)
        await self._send(pending)
        self._fail_points.reached(FailPoint.AFTER_PRODUCE)

    async def mark(  # noqa: PLR0913 - what a marker says
        self,
        topics: Sequence[Topic],
        brokers: Sequence[str],
        task: str,
        epoch: int,
        watermark: datetime,
        *,
        control: dict[str, int] | None = None,
        final: bool = False,
    ) -> None:
        """Write the task's marker of `epoch` to each of its epoch topics, after everything else."""
        pending = []
        for topic in topics:
            for broker in brokers if topic.scope is Scope.BROKER else (None,):
                name = topic.full_name(broker, self._prefix)
                marker = EpochClosed(
                    task=task, epoch=epoch, outputs=self._outputs(broker), control=control or {}, final=final
                )
                identity = event_id(watermark, "marker", name, task, epoch)
                if self._on_log.pop(identity, None) is not None:
                    continue
                event = Event(
                    id=identity, event_time=watermark, data=marker, key=task, correlation_id=identity, broker=broker
                )
                pending.append((name, 0, task.encode(), encode(event, self._origin, epoch)))
        await self._send(pending)
        self._fail_points.reached(FailPoint.AFTER_MARK)

    async def set_aside(self, record: ConsumerRecord, reason: str) -> bool:
        """Write the record's dead letter; False where a former life or another task of the process does so.

        A task that leaves it to another goes on meanwhile: should the write fail, the whole process ends,
        and the other task's snapshot is from before the record.
        """
        coordinates = (record.topic, record.partition, record.offset)
        if coordinates in self._set_aside:
            return False
        self._set_aside.add(coordinates)
        name = topic_for(record, self._origin.broker, self._prefix)
        headers = dead_letter_headers(record, self._group, reason)
        try:
            await self._producer.send_and_wait(name, record.value, key=record.key, partition=0, headers=headers)
        except kafka_errors.KafkaError as error:
            self._set_aside.discard(coordinates)
            raise translate(error) from error
        self._metrics.published(name)
        return True

    def has_set_aside(self, coordinates: Coordinates) -> bool:
        """Whether this group's dead letter of the record there is on the log."""
        return coordinates in self._set_aside

    async def set_aside_row(self, topic: Topic, file: str, line: int, raw: str, reason: str) -> None:
        """Write the dead letter of a row of a file that could not become a record of `topic`, once."""
        if (file, -1, line) in self._set_aside:
            return
        source = topic.full_name(None, self._prefix)
        name = f"{source}{DLQ_SUFFIX}"
        headers = row_headers(source, file, line, self._group, reason)
        try:
            await self._producer.send_and_wait(name, raw.encode(), key=file.encode(), partition=0, headers=headers)
        except kafka_errors.KafkaError as error:
            raise translate(error) from error
        self._metrics.record(name, "dead_letter")

    def _outputs(self, broker: str | None) -> dict[str, dict[str, int]]:
        """The ends that readers of this epoch topic must reach: a Broker's readers care for that Broker's topics."""
        beginning = f"{self._prefix}{broker}." if broker is not None else None
        return {
            topic: {str(p): end for p, end in ends.items()}
            for topic, ends in self.ends.items()
            if (beginning is None or topic.startswith(beginning)) and not topic.endswith(BROKER_EPOCHS.name)
        }

    def _address(self, topic: Topic, event: AnyEvent) -> tuple[str, int]:
        broker = None
        if topic.scope is Scope.BROKER:
            broker = event.broker if event.broker is not None else self._origin.broker
        name = topic.full_name(broker, self._prefix)
        if topic.single or event.key_instrument is None:
            return name, 0
        return name, partition_of(event.key_instrument, self._partitions)

    async def _send(self, pending: list[tuple[str, int, bytes, bytes]]) -> None:
        if not pending:
            return
        try:
            waits = [
                await self._producer.send(name, value, key=key, partition=partition)
                for name, partition, key, value in pending
            ]
            self._fail_points.reached(FailPoint.AMID_PRODUCE)
            for (name, partition, _, _), written in zip(pending, await asyncio.gather(*waits), strict=True):
                ends = self.ends.setdefault(name, {})
                ends[partition] = max(ends.get(partition, 0), written.offset + 1)
                self._metrics.published(name)
        except kafka_errors.KafkaError as error:
            raise translate(error) from error


async def read_to_end(
    reader: AIOKafkaConsumer, wanted: list[TopicPartition], since: Offsets
) -> AsyncIterator[ConsumerRecord]:
    """All records of the partitions from `since` (else their beginning) to the ends that they have now."""
    if not wanted:
        return
    reader.assign(wanted)
    ends = await reader.end_offsets(wanted)
    beginnings = await reader.beginning_offsets(wanted)
    left = set()
    for partition in wanted:
        start = since.get(partition.topic, {}).get(partition.partition, 0)
        start = max(start, beginnings[partition])
        reader.seek(partition, start)
        if start < ends[partition]:
            left.add(partition)
    while left:
        for partition, records in (await reader.getmany(timeout_ms=500)).items():
            for record in records:
                if record.offset < ends[partition]:
                    yield record
        for partition in list(left):
            if await reader.position(partition) >= ends[partition]:
                left.discard(partition)
