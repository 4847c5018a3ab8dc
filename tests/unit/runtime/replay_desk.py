"""A task whose log is in memory: its reads are called, and what it writes is kept."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from aiokafka import ConsumerRecord, TopicPartition
from tests.unit.runtime.counting import TOKEN, Counting, tick

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Event, Origin, encode
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.ids import event_id
from alpha_panda.events.topics import BARS, CONTROL_QUARANTINE, MARKET_EPOCHS, TICKS, Topic, dead_letter_topic
from alpha_panda.runtime.gate import EpochGate, Upstream
from alpha_panda.runtime.inbox import Inbox, Input
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.replays import Replay, replay_headers, replay_of
from alpha_panda.runtime.snapshots import Snapshot
from alpha_panda.runtime.task import Task
from alpha_panda.runtime.wiring import Wiring

TICKS_NAME, MARKERS, BARS_NAME = (each.full_name() for each in (TICKS, MARKET_EPOCHS, BARS))
LETTERS = dead_letter_topic(TICKS_NAME)
FEED, GROUP = "market-feed", "alpha-panda.counting"
ORIGIN = Origin(source=FEED)


class Written(NamedTuple):
    topic: str
    value: bytes | None
    headers: list[tuple[str, bytes]]


class Ack(NamedTuple):
    offset: int


class MemoryProducer:
    def __init__(self) -> None:
        self.written: list[Written] = []

    async def send(
        self, topic: str, value: bytes | None, headers: list[tuple[str, bytes]] | None = None, **where: object
    ) -> asyncio.Future[Ack]:
        _ = where
        self.written.append(Written(topic, value, headers or []))
        done = asyncio.get_running_loop().create_future()
        done.set_result(Ack(len(self.written) - 1))
        return done

    async def send_and_wait(
        self, topic: str, value: bytes | None, headers: list[tuple[str, bytes]], **where: object
    ) -> Ack:
        return await (await self.send(topic, value, headers, **where))


class MemorySnapshots:
    async def load(self, service: str, task: str) -> Snapshot | None:
        _ = (service, task)
        return None

    async def save(self, service: str, task: str, snapshot: Snapshot) -> None:
        _ = (service, task, snapshot)


class Desk:
    """A task of one partition with what it reads and writes in memory."""

    def __init__(self, *, epochs: bool, in_sequence: bool = False) -> None:
        self.producer = MemoryProducer()
        self.metrics = Metrics("counting", None)
        self.publisher = Publisher(self.producer, self.metrics, Origin(source="counting"), GROUP, "", 1)  # type: ignore[arg-type] # a fake
        inputs = {
            TICKS_NAME: Input(topic=TICKS, in_sequence=in_sequence),
            MARKERS: Input(topic=MARKET_EPOCHS),
        }
        partitions = tuple((name, 0) for name in inputs)
        wiring = Wiring(
            service="counting",
            inputs=inputs,
            own_topics=((BARS, BARS_NAME), (CONTROL_QUARANTINE, CONTROL_QUARANTINE.full_name())),
            marks=(MARKET_EPOCHS,),
            brokers=lambda _: (),
            make=Counting,
            effects=None,
            epochs=epochs,
            starts_with=MARKERS,
        )
        self.task = Task(
            "counting/0",
            partitions,
            wiring,
            lambda last: EpochGate(Upstream(current=(FEED,)), FEED, frozenset(partitions), last),
            Inbox(lambda token: token == TOKEN, 1),
            self.publisher,
            MemorySnapshots(),
            self.metrics,
        )
        self.task.knows_control(known=True)
        self.offsets = {TICKS_NAME: 0, MARKERS: 0}

    def read(
        self, topic: str, value: bytes, headers: tuple[tuple[str, bytes], ...] = (), key: bytes = b"key"
    ) -> ConsumerRecord:
        record = record_of(topic, self.offsets[topic], value, headers, key)
        self.offsets[topic] += 1
        self.task.accept(record)
        return record

    def tick(self, price: int, epoch: int | None = None) -> ConsumerRecord:
        return self.read(TICKS_NAME, encode(tick(price, epoch=epoch), ORIGIN, epoch))

    def again(self, record: ConsumerRecord, count: int = 1) -> ConsumerRecord:
        """The record's dead letter is written back."""
        of = (record.topic, record.partition, record.offset)
        before = replay_of(record.headers)
        mark = Replay(letter=("letters", 0, 0), of=of, origin=before.origin if before else of, count=count)
        return self.read(record.topic, record.value, tuple(replay_headers(mark)))

    async def close(self, epoch: int, *, final: bool = False, end: int | None = None) -> None:
        ends = {TICKS_NAME: {"0": self.offsets[TICKS_NAME] if end is None else end}}
        data = EpochClosed(task=FEED, epoch=epoch, outputs=ends, control={}, final=final)
        when = tick(1, epoch).event_time
        identity = event_id(when, "marker", epoch)
        marker: AnyEvent = Event(id=identity, event_time=when, data=data, key=FEED, correlation_id=identity)
        self.read(MARKERS, encode(marker, ORIGIN, epoch))
        await self.task.turn()

    async def turn(self) -> None:
        await self.task.turn()

    @property
    def prices(self) -> list[int]:
        assert isinstance(self.task.processor, Counting)
        return self.task.processor.prices

    @property
    def letters(self) -> list[Written]:
        return [each for each in self.producer.written if each.topic == LETTERS]

    @property
    def duplicates(self) -> int:
        return self.metrics.outcomes.get("duplicate", 0)


def record_of(
    topic: str, offset: int, value: bytes, headers: tuple[tuple[str, bytes], ...], key: bytes
) -> ConsumerRecord:
    return ConsumerRecord(
        topic=topic,
        partition=0,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=len(key),
        serialized_value_size=len(value),
        headers=headers,
    )


class MemoryReader:
    """Partitions that hold these records and no more."""

    def __init__(self, records: list[ConsumerRecord]) -> None:
        self._records = records
        self._partitions: list[TopicPartition] = []

    def assign(self, partitions: list[TopicPartition]) -> None:
        self._partitions = partitions

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, len(self._records))

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        _ = (partition, offset)

    async def getmany(self, timeout_ms: int) -> dict[TopicPartition, list[ConsumerRecord]]:
        _ = timeout_ms
        return {self._partitions[0]: self._records}

    async def position(self, partition: TopicPartition) -> int:
        _ = partition
        return len(self._records)


def mended_desk(desk: Desk) -> Callable[[], None]:
    """The fault that made the processor refuse is repaired until the returned function is called."""
    processor = desk.task.processor
    assert isinstance(processor, Counting)

    def take(event: AnyEvent, topic: Topic) -> tuple[AnyEvent, ...]:
        _ = topic
        processor.prices.append(event.data.price_paise)
        return ()

    processor.on_event = take  # type: ignore[method-assign] # as a new release would
    return lambda: delattr(processor, "on_event")
