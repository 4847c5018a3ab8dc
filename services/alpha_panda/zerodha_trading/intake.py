"""What is read from Kafka: validated signals, what people want, and from the ticks what time it is at the market.

A record that cannot be understood goes to its dead-letter topic; what stands behind a later owner's claim is passed
over. Signals wait until everything that was wanted before the start is known.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Envelope, MalformedEventError, decode_header
from alpha_panda.events.signals import SignalValidated
from alpha_panda.events.topics import CONTROL, SIGNALS_VALIDATED, TICKS, Scope, Topic, parse_name
from alpha_panda.runtime.assignment import TopicWatch, assign
from alpha_panda.runtime.fencing import pass_over
from alpha_panda.runtime.inbox import Outcome
from alpha_panda.runtime.kafka import translate
from alpha_panda.runtime.placement import read_event
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.publisher import Publisher

Positions = dict[tuple[str, int], int]


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What came with one look."""

    signals: tuple[tuple[AnyEvent, Envelope], ...]
    control: tuple[AnyEvent, ...]
    market_time: datetime | None


class Intake:
    """The inputs of one Broker's trading."""

    def __init__(self, process: Process, publisher: Publisher, instruments: InstrumentTable) -> None:
        """Read nothing yet."""
        settings = process.settings
        self._process, self._publisher, self._instruments = process, publisher, instruments
        self._prefix, self._partitions = settings.platform.prefix, settings.platform.partitions
        broker = settings.service.require_broker()
        self._signals = SIGNALS_VALIDATED.full_name(broker, self._prefix)
        self._ticks = TICKS.full_name(prefix=self._prefix)
        self._control = tuple(topic.full_name(prefix=self._prefix) for topic in CONTROL)
        self.positions: Positions = {}
        """Of signals: the next offset to decide on."""
        self._reached: Positions = {}
        """Likewise, with what is held back."""
        self._unread: dict[TopicPartition, int] = {}
        self._held: list[tuple[AnyEvent, Envelope, ConsumerRecord]] = []
        self._log = structlog.get_logger()

    @property
    def names(self) -> tuple[str, ...]:
        """Full names of all that is read."""
        return (self._signals, self._ticks, *self._control)

    async def begin(self, consumer: AIOKafkaConsumer, positions: Positions) -> list[str]:
        """Go on with signals from `positions`, with wishes from their beginning, with ticks from now; what is lost."""
        self.positions = {where: at for where, at in positions.items() if where[0] == self._signals}
        numbers = range(self._partitions)
        wanted = {TopicPartition(self._signals, p): [self.positions] for p in numbers}
        wanted |= {TopicPartition(name, 0): [Positions()] for name in self._control}
        wanted |= {TopicPartition(self._ticks, p): [Positions()] for p in numbers}
        lost = await assign(consumer, wanted)
        ends = await consumer.end_offsets(list(wanted))
        for partition, end in ends.items():
            if partition.topic == self._ticks:
                consumer.seek(partition, max(0, end - 1))
        self._unread = {each: end for each, end in ends.items() if each.topic in self._control}
        await TopicWatch(self.names).require(consumer)
        return lost

    async def read(self, consumer: AIOKafkaConsumer) -> Read:
        """What has come; signals only once all wishes from before the start are known."""
        profile = self._process.settings.kafka.profile
        try:
            batches = await consumer.getmany(timeout_ms=profile.poll_milliseconds, max_records=profile.poll_records)
        except kafka_errors.KafkaError as error:
            raise translate(error) from error
        control: list[AnyEvent] = []
        market: datetime | None = None
        for where, records in batches.items():
            topic, _ = parse_name(where.topic, self._prefix)
            if topic is TICKS:
                market = max(filter(None, (market, _time_of(records[-1]))), default=None)
                continue
            for record in records:
                await self._take(record, topic, control)
        for partition, end in list(self._unread.items()):
            if await consumer.position(partition) >= end:
                del self._unread[partition]
        if self._unread:
            return Read(signals=(), control=tuple(control), market_time=market)
        held, self._held = self._held, []
        self.positions |= self._reached
        return Read(signals=tuple((e, h) for e, h, _ in held), control=tuple(control), market_time=market)

    def decided(self, event: AnyEvent, envelope: Envelope) -> None:
        """Count a signal as processed."""
        _ = (event, envelope)
        self._process.metrics.record(self._signals, Outcome.PROCESSED)

    async def _take(self, record: ConsumerRecord, topic: Topic, control: list[AnyEvent]) -> None:
        where = (record.topic, record.partition)
        try:
            header = decode_header(record.value)
            if topic.scope is not Scope.CONTROL:
                fences, metrics = self._publisher.fences, self._process.metrics
                if pass_over(record, header, fences, metrics, self._log) is not None:
                    self._reached[where] = record.offset + 1
                    return
            event = read_event(record, topic, self._partitions, header)
            if isinstance(event.data, SignalValidated):
                self._require_known(event)
                self._held.append((event, header, record))
            else:
                control.append(event)
        except MalformedEventError as error:
            if await self._publisher.set_aside(record, str(error)):
                self._process.metrics.record(record.topic, Outcome.DEAD_LETTER)
                self._log.warning("dead letter", topic=record.topic, offset=record.offset, reason=str(error))
        if topic.scope is not Scope.CONTROL:
            self._reached[where] = record.offset + 1

    def _require_known(self, event: AnyEvent) -> None:
        token = event.key_instrument
        if token is None or self._instruments.get(token) is None:
            raise MalformedEventError(f"instrument token {token} is not in the instrument table")


def _time_of(record: ConsumerRecord) -> datetime | None:
    try:
        return decode_header(record.value).event_time
    except MalformedEventError:
        return None  # its own readers set it aside
