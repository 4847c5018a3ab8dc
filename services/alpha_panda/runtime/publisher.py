"""How a task writes: it knows which events are already on the log, waits for every acknowledgement, and marks epochs.

After a restart a task decides again what it had decided since its snapshot. What is on the log already
is found by its id and not written twice. Before it looks, it puts its claim on every partition that it writes:
what an owner before it writes from then on counts for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.errors import PandaError
from alpha_panda.events.envelope import Envelope, Event, MalformedEventError, Origin, decode_header, encode
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.fences import Fences, claim_of
from alpha_panda.events.ids import event_id, partition_of
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.events.topics import BROKER_EPOCHS, CONTROL_QUARANTINE, DLQ_SUFFIX, Scope, Topic, parse_name
from alpha_panda.runtime.batches import Record, hand_over
from alpha_panda.runtime.dead_letters import Coordinates, coordinates_of, dead_letter_headers, row_headers, topic_for
from alpha_panda.runtime.fail_points import NO_FAIL_POINTS, FailPoint, FailPoints
from alpha_panda.runtime.kafka import translate
from alpha_panda.runtime.letter_writer import fits, write_letter
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.placement import require_place
from alpha_panda.runtime.read_back import read_to_end
from alpha_panda.runtime.recovered import RecoveredOutputs
from alpha_panda.runtime.replays import replay_of
from alpha_panda.runtime.snapshots import Offsets
from alpha_panda.runtime.turns import Turn, turn_of
from alpha_panda.runtime.wiring import EPOCH_TOPICS


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
        tenure: Tenure | None = None,
    ) -> None:
        """Write as `origin`; `partitions` is the count of every pipeline topic.

        `letters` are the records that the group has set aside. The tasks of a process share them, since all
        of them read the control and epoch topics and a group writes one dead letter of a record. With a
        `tenure` everything carries its fence.
        """
        self._producer = producer
        self._fail_points = fail_points
        self._metrics = metrics
        self._origin = origin
        self._group = group
        self._prefix = prefix
        self._partitions = partitions
        self._on_log = RecoveredOutputs()
        self._set_aside: set[Coordinates] = set() if letters is None else letters
        self.tenure = tenure or Tenure("", "")
        self.fences = Fences()
        """The claims met here; the task's reading adds those of other tasks."""
        self.ends: Offsets = {}
        self.former: list[Turn] = []
        """The turns that one's own outputs of former lives tell of, as they were found."""

    async def take_over(
        self, reader: AIOKafkaConsumer, topics: dict[str, tuple[int, ...]], since: Offsets
    ) -> list[tuple[str, Envelope]]:
        """Claim the partitions, then read back what counts on them, as `recover` does.

        Raises FencedError where a later owner has claimed them meanwhile.
        """
        rows = {name: parse_name(name, self._prefix)[0] for name in topics if not name.endswith(DLQ_SUFFIX)}
        while True:
            await self._claim({name: topics[name] for name, row in rows.items() if row in EPOCH_TOPICS})
            await self._claim({name: topics[name] for name, row in rows.items() if _is_fenced(row)})
            found = await self.recover(reader, topics, since)
            highest = self.fences.highest(self._origin.source)
            if highest <= (self.tenure.fence or 0):
                return found
            await self.tenure.outbid(highest)

    async def _claim(self, topics: dict[str, tuple[int, ...]]) -> None:
        """Write the claim to each partition of these topics and wait until all are acknowledged.

        The topics of markers come before all others: a marker that still counts was written before its topic's
        claim, and the events that it promises were acknowledged before it, so they all count, too.
        """
        fence = self.tenure.fence
        if fence is None:
            return
        self._origin = msgspec.structs.replace(self._origin, fence=fence)
        claim = OwnershipTaken(task=self._origin.source, fence=fence, owner=self.tenure.owner)
        now, pending = datetime.now(UTC), []
        for name, partitions in topics.items():
            _, broker = parse_name(name, self._prefix)
            for partition in partitions:
                identity = event_id(now, "ownership", claim.task, fence, name, partition)
                event = Event(
                    id=identity, event_time=now, data=claim, key=claim.task, correlation_id=identity, broker=broker
                )
                pending.append(Record(name, partition, claim.task.encode(), encode(event, self._origin)))
        await self._send(pending)

    async def recover(
        self, reader: AIOKafkaConsumer, topics: dict[str, tuple[int, ...]], since: Offsets
    ) -> list[tuple[str, Envelope]]:
        """Read one's own outputs from `since` to their end; return them by topic, oldest first per partition.

        What an owner wrote behind a later one's claim is not among them, nor what only bears the task's name:
        neither counts for anybody.
        """
        self.ends = {topic: dict(ends) for topic, ends in since.items()}
        wanted = [TopicPartition(topic, p) for topic, numbers in topics.items() for p in numbers]
        found: list[tuple[str, Envelope]] = []
        self.former = []
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
                claim, turn = claim_of(envelope), turn_of(record.headers)
                if claim is None:
                    require_place(envelope, record.topic, parse_name(record.topic, self._prefix)[0])
            except MalformedEventError:
                continue  # somebody else's rubbish: its readers set it aside
            where = (record.topic, record.partition, record.offset)
            if claim is not None:
                self.fences.learn(where, claim)
            elif envelope.source == self._origin.source and not self.fences.is_fenced(where, envelope):
                self._on_log.add(where, envelope)
                self.former += [] if turn is None else [turn]
                found.append((record.topic, envelope))
        self._on_log.complete()
        return found

    def ends_for(self, epoch: int | None, watermark: datetime | None) -> Offsets:
        """From where a restart that has come to `epoch` or `watermark` must read its own outputs again.

        What a former life wrote and this one has not decided again yet is before these offsets: else a
        second crash would forget that it is on the log, and it would be written twice.
        """
        return self._on_log.before(self.ends, epoch, watermark)

    async def publish(self, events: Sequence[AnyEvent], epoch: int | None, turn: Turn | None = None) -> int:
        """Write the events that are not on the log yet and wait until all are acknowledged; how many were written."""
        pending: list[Record] = []
        headers = () if turn is None else turn.headers
        for event in events:
            if self._on_log.take(event.id):
                continue
            topic = EVENT_TOPICS[type(event.data)]
            name, partition = self._address(topic, event)
            record = Record(name, partition, event.key.encode(), encode(event, self._origin, epoch), headers)
            if fits(name, record.key, record.value, self._metrics):
                pending.append(record)
        if pending:
            await self.tenure.assure()
            self._fail_points.reached(FailPoint.BEFORE_PRODUCE)
            await self._send(pending)
            self._fail_points.reached(FailPoint.AFTER_PRODUCE)
        return len(pending)

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
        await self.tenure.assure()
        pending, ends = [], self._on_log.promised(self.ends, epoch)
        for topic in topics:
            for broker in brokers if topic.scope is Scope.BROKER else (None,):
                name = topic.full_name(broker, self._prefix)
                marker = EpochClosed(
                    task=task,
                    epoch=epoch,
                    outputs=_outputs(
                        ends, (self._beginning(broker), CONTROL_QUARANTINE.full_name(prefix=self._prefix))
                    ),
                    control=control or {},
                    final=final,
                )
                identity = event_id(watermark, "marker", name, task, epoch)
                if self._on_log.take(identity):
                    continue
                event = Event(
                    id=identity, event_time=watermark, data=marker, key=task, correlation_id=identity, broker=broker
                )
                pending.append(Record(name, 0, task.encode(), encode(event, self._origin, epoch)))
        await self._send(pending)
        self._fail_points.reached(FailPoint.AFTER_MARK)

    async def set_aside(self, record: ConsumerRecord, reason: str) -> bool:
        """Write the record's dead letter; False where a former life or another task of the process does so.

        A task that leaves it to another goes on meanwhile: should the write fail, the whole process ends,
        and the other task's snapshot is from before the record.
        """
        await self.tenure.assure()
        coordinates = (record.topic, record.partition, record.offset)
        if coordinates in self._set_aside:
            return False
        self._set_aside.add(coordinates)
        name = topic_for(record, self._origin.broker, self._prefix)
        headers = dead_letter_headers(record, self._group, reason)
        try:
            await write_letter(self._producer, name, record.value, record.key, headers)
        except PandaError:
            self._set_aside.discard(coordinates)
            raise
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
        await write_letter(self._producer, name, raw.encode(), file.encode(), headers)
        self._metrics.record(name, "dead_letter")

    def _beginning(self, broker: str | None) -> str:
        return "" if broker is None else f"{self._prefix}{broker}."

    def _address(self, topic: Topic, event: AnyEvent) -> tuple[str, int]:
        broker = None
        if topic.scope is Scope.BROKER:
            broker = event.broker if event.broker is not None else self._origin.broker
        name = topic.full_name(broker, self._prefix)
        if topic.single or event.key_instrument is None:
            return name, 0
        return name, partition_of(event.key_instrument, self._partitions)

    async def _send(self, pending: list[Record]) -> None:
        if not pending:
            return
        try:
            handed = await hand_over(self._producer, pending)
            self._fail_points.reached(FailPoint.AMID_PRODUCE)
            for each, first in zip(handed, await asyncio.gather(*(h.acknowledged for h in handed)), strict=True):
                ends = self.ends.setdefault(each.topic, {})
                if first.offset >= 0:  # else Kafka has it from a try before, and no longer knows where
                    ends[each.partition] = max(ends.get(each.partition, 0), first.offset + each.size)
                self._metrics.published(each.topic, each.size)
        except kafka_errors.KafkaError as error:
            raise translate(error) from error


def _is_fenced(topic: Topic) -> bool:
    """Whether a topic of events has owners: everybody's control topics have none."""
    return topic not in EPOCH_TOPICS and topic.scope is not Scope.CONTROL


def _outputs(ends: Offsets, beginnings: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """The ends that readers of an epoch topic must reach: a Broker's readers care for that Broker's topics.

    The feed reads them, too: what a runner has found out in an epoch it names in time (see `paper_gate`).
    """
    return {
        topic: {str(p): end for p, end in by_partition.items()}
        for topic, by_partition in ends.items()
        if topic.startswith(beginnings) and not topic.endswith(BROKER_EPOCHS.name)
    }
