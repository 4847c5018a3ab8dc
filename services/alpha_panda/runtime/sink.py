"""A sink: it consumes topics and stores them elsewhere, commits after the store has them, and decides nothing.

Batches may be stored twice after a crash; the store's keys make that harmless.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.domain.processor import AnyEvent, RefusedEventError
from alpha_panda.errors import PandaError
from alpha_panda.events.envelope import Envelope, MalformedEventError, Origin, decode_header
from alpha_panda.events.fences import Fences
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.topics import Topic, dead_letter_topic, parse_name
from alpha_panda.runtime.assignment import TopicWatch, assign
from alpha_panda.runtime.claims import Claims, ForgottenClaims, Met
from alpha_panda.runtime.fail_points import FailPoint
from alpha_panda.runtime.fencing import pass_over
from alpha_panda.runtime.inbox import Outcome
from alpha_panda.runtime.kafka import make_consumer, make_producer, recovery_reader, retried, start_client, translate
from alpha_panda.runtime.placement import read_event
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.publisher import Publisher

_COMMIT_SECONDS = 0.5


RowT = TypeVar("RowT")


class SinkService(Generic[RowT]):
    """Consumes everything that the plan lets it read."""

    def __init__(
        self,
        process: Process,
        convert: Callable[[AnyEvent, str | None], Sequence[RowT]],
        store: Callable[[Sequence[RowT]], Awaitable[None]],
        claims: Claims | None = None,
    ) -> None:
        """`convert` makes rows of an event and its Broker, or raises RefusedEventError.

        `store` returns when the rows are durable and raises TransientError where trying again may help;
        `claims` is where the claims of the rows' writers are kept for the next start.
        """
        self._process = process
        self._settings = process.settings
        self._convert = convert
        self._store = store
        self._claims: Claims = claims or ForgottenClaims()
        self._fences = Fences()
        self._log = structlog.get_logger()
        self._positions: dict[TopicPartition, int] = {}
        self._committed_at = 0.0

    async def run(self) -> None:
        """Consume until told to stop."""
        kafka = self._settings.kafka
        consumer = make_consumer(kafka, self._settings.service.group, gathers=True)
        producer = make_producer(kafka)
        await retried(lambda: start_client(producer, kafka))
        await retried(lambda: start_client(consumer, kafka))
        publisher = Publisher(
            producer,
            self._process.metrics,
            Origin(source=self._settings.service.name),
            self._settings.service.group,
            self._settings.platform.prefix,
            self._settings.platform.partitions,
            fail_points=self._process.fail_points,
        )
        try:
            partitions = self._partitions()
            letters = sorted({dead_letter_topic(p.topic, None, self._settings.platform.prefix) for p in partitions})
            topics = TopicWatch((*letters, *self._settings.service.reads))
            await topics.require(consumer)
            async with recovery_reader(kafka) as reader:
                await publisher.recover(reader, dict.fromkeys(letters, (0,)), {})
            self._fences = await retried(self._claims.load)
            await self._assign(consumer, partitions)
            await self._consume(consumer, publisher, topics)
        finally:
            await consumer.stop()
            await producer.stop()

    def _partitions(self) -> list[TopicPartition]:
        found = []
        for name in self._settings.service.reads:
            topic, _ = parse_name(name, self._settings.platform.prefix)
            count = 1 if topic.single else self._settings.platform.partitions
            found += [TopicPartition(name, p) for p in range(count)]
        return found

    async def _assign(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        known = {(each.topic, each.partition): await consumer.committed(each) for each in partitions}
        positions = {where: offset for where, offset in known.items() if offset is not None}
        self._process.health.notes = await assign(consumer, dict.fromkeys(partitions, (positions,)))
        for partition in partitions:
            self._positions[partition] = await consumer.position(partition)

    async def _consume(self, consumer: AIOKafkaConsumer, publisher: Publisher, topics: TopicWatch) -> None:
        profile = self._settings.kafka.profile
        health = self._process.health
        health.ready = True
        while not self._process.stopping.is_set():
            health.turn()
            topics.look(consumer)
            try:
                batches = await consumer.getmany(timeout_ms=profile.poll_milliseconds, max_records=profile.poll_records)
            except kafka_errors.KafkaError as error:
                raise translate(error) from error
            if batches:
                self._process.fail_points.reached(FailPoint.AFTER_CONSUME)
            await self._take(batches, publisher)
            if time.monotonic() - self._committed_at >= _COMMIT_SECONDS:
                await self._commit(consumer)
            self._observe(consumer)
        health.ready = False
        await self._commit(consumer)

    async def _take(self, batches: dict[TopicPartition, list[ConsumerRecord]], publisher: Publisher) -> None:
        """Store what was read; nothing counts as read before it is stored or set aside."""
        converted: list[tuple[ConsumerRecord, Sequence[RowT]]] = []
        met: list[Met] = []
        for where, records in batches.items():
            topic, broker = parse_name(where.topic, self._settings.platform.prefix)
            for record in records:
                try:
                    header = decode_header(record.value)
                    passed = pass_over(record, header, self._fences, self._process.metrics, self._log)
                    if isinstance(passed, OwnershipTaken):
                        met.append(((record.topic, record.partition, record.offset), passed))
                    elif passed is None:
                        converted.append((record, self._rows(record, topic, broker, header)))
                except (MalformedEventError, RefusedEventError) as error:
                    await self._set_aside(record, str(error), publisher)
        if met:
            await retried(lambda: self._claims.keep(met))
        if converted:
            await self._keep(converted, publisher)
            self._process.health.saw_event()
        for where, records in batches.items():
            self._positions[where] = records[-1].offset + 1

    def _rows(self, record: ConsumerRecord, topic: Topic, broker: str | None, header: Envelope) -> Sequence[RowT]:
        event = read_event(record, topic, self._settings.platform.partitions, header)
        try:
            return self._convert(event, broker)
        except RefusedEventError:
            raise
        except Exception as error:
            raise RefusedEventError(f"processing failed: {type(error).__name__}: {error}") from error

    async def _keep(self, converted: list[tuple[ConsumerRecord, Sequence[RowT]]], publisher: Publisher) -> None:
        """Store a batch whole; where the store cannot take it, record by record, so that only bad ones go aside."""
        rows = [row for _, made in converted for row in made]
        try:
            if rows:
                self._process.fail_points.reached(FailPoint.BEFORE_SNAPSHOT)
                await retried(lambda: self._store(rows))
                self._process.fail_points.reached(FailPoint.AFTER_SNAPSHOT)
        except PandaError:
            raise
        except Exception as error:  # noqa: BLE001 - a value that the store cannot hold raises what its library likes
            if len(converted) == 1:
                reason = f"it cannot be stored: {type(error).__name__}: {error}"
                await self._set_aside(converted[0][0], reason, publisher)
                return
            for each in converted:
                await self._keep([each], publisher)
            return
        for record, _ in converted:
            self._process.metrics.record(record.topic, Outcome.PROCESSED)

    async def _set_aside(self, record: ConsumerRecord, reason: str, publisher: Publisher) -> None:
        if await publisher.set_aside(record, reason):
            self._process.metrics.record(record.topic, Outcome.DEAD_LETTER)
            self._log.warning("dead letter", topic=record.topic, offset=record.offset, reason=reason)

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        self._process.fail_points.reached(FailPoint.BEFORE_COMMIT)
        try:
            await consumer.commit(dict(self._positions))
        except kafka_errors.KafkaError as error:
            raise translate(error) from error
        self._process.fail_points.reached(FailPoint.AFTER_COMMIT)
        self._committed_at = time.monotonic()

    def _observe(self, consumer: AIOKafkaConsumer) -> None:
        lag = sum(max(0, (consumer.highwater(p) or 0) - position) for p, position in self._positions.items())
        self._process.metrics.lag.set(lag)
        self._process.watch.observe(lag, sum(self._process.metrics.outcomes.values()))
        self._process.health.detail = {"lag": lag, "outcomes": dict(self._process.metrics.outcomes)}
