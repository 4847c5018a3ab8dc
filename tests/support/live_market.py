"""A paper market that runs live on a log in memory, over several lives that each may end at any write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import get_args

from aiokafka import ConsumerRecord, TopicPartition
from tests.support.memory_log import MemoryConsumer, MemoryLog, MemoryProducer
from tests.support.trading import BROKER, INSTRUMENTS

from alpha_panda.checker.model import Log, Record
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.kill_switch import SwitchReading
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Origin, decode, decode_header, encode
from alpha_panda.events.ids import partition_of
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.events.topics import (
    CONTROL_BROKERS,
    CONTROL_TRADING,
    SIGNALS_VALIDATED,
    TICKS,
    Scope,
    Topic,
)
from alpha_panda.paper_trading.outbox import OrderEvent
from alpha_panda.paper_trading.processor import PaperTradingProcessor
from alpha_panda.runtime.fail_points import FailPoint, FailPoints
from alpha_panda.runtime.gate import EpochGate, Upstream
from alpha_panda.runtime.inbox import Inbox, Input
from alpha_panda.runtime.kill_switch import KillSwitchGate
from alpha_panda.runtime.live_gate import Answer
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.snapshots import Snapshot
from alpha_panda.runtime.task import Task
from alpha_panda.runtime.wiring import Wiring

PARTITIONS = 2
SOURCE = f"{BROKER}.paper-trading"
INPUTS = (
    Input(topic=CONTROL_BROKERS),
    Input(topic=CONTROL_TRADING),
    Input(topic=SIGNALS_VALIDATED, lag=1),
    Input(topic=TICKS, phase=1),
)


def name_of(topic: Topic) -> str:
    return topic.full_name(BROKER if topic.scope is Scope.BROKER else None)


WRITES = tuple(dict.fromkeys(EVENT_TOPICS[kind] for kind in get_args(OrderEvent)))
OUTPUTS = {name_of(topic): tuple(range(PARTITIONS)) for topic in WRITES}
CONTROL = frozenset(name_of(each.topic) for each in INPUTS if each.topic.scope is Scope.CONTROL)


class Switch(KillSwitchGate):
    """The kill switch, which says what a test sets."""

    def __init__(self) -> None:
        self.reading = SwitchReading()

    async def ask(self) -> Answer:
        return Answer(fact=self.reading, known=self.reading.unreadable is None)


class Ends(FailPoints):
    """Remembers how long the log was before the last write, of which a crash may leave any part."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__(None, "")
        self._log = log
        self.note()

    def note(self) -> None:
        """All that is on the log now stays there."""
        self.before = {where: len(records) for where, records in self._log.partitions.items()}

    def reached(self, point: FailPoint) -> None:
        if point is FailPoint.BEFORE_PRODUCE:
            self.note()


@dataclass
class Kept:
    """The task's snapshot."""

    last: Snapshot | None = None

    async def load(self, service: str, task: str) -> Snapshot | None:
        _ = (service, task)
        return self.last

    async def save(self, service: str, task: str, snapshot: Snapshot) -> None:
        _ = (service, task)
        self.last = snapshot


@dataclass
class LiveMarket:
    """The log, the snapshot and the process that runs at the moment."""

    log: MemoryLog = field(default_factory=MemoryLog)
    kept: Kept = field(default_factory=Kept)
    switch: Switch = field(default_factory=Switch)
    read: dict[TopicPartition, int] = field(default_factory=dict)

    def write(self, events: Iterable[AnyEvent]) -> None:
        """Put inputs on the log."""
        for event in events:
            topic = EVENT_TOPICS[type(event.data)]
            token = event.key_instrument
            partition = 0 if topic.single or token is None else partition_of(token, PARTITIONS)
            value = encode(event, Origin(source="test", broker=event.broker))
            self.log.append(name_of(topic), value, key=event.key.encode(), partition=partition)

    async def begin(self) -> None:
        """A new process starts."""
        self.ends = Ends(self.log)
        inputs = {name_of(each.topic): each for each in INPUTS}
        partitions = tuple(
            (name, p) for name, each in inputs.items() for p in range(1 if each.topic.single else PARTITIONS)
        )
        metrics = Metrics("paper-trading", BROKER)
        origin = Origin(source=SOURCE, broker=BROKER)
        producer = MemoryProducer(self.log)
        self.task = Task(
            SOURCE,
            partitions,
            Wiring(
                service="paper-trading",
                inputs=inputs,
                own_topics=tuple((topic, name_of(topic)) for topic in WRITES),
                marks=(),
                brokers=lambda _: (BROKER,),
                make=lambda: PaperTradingProcessor(BROKER, INSTRUMENTS, default_calendar()),
                effects=None,
                epochs=False,
                starts_with="",
                retraces=True,
                live_gate=self.switch,
            ),
            lambda last: EpochGate(Upstream(current=()), "", frozenset(partitions), last),
            Inbox(lambda token: INSTRUMENTS.get(token) is not None, PARTITIONS),
            Publisher(producer, metrics, origin, SOURCE, "", PARTITIONS, fail_points=self.ends),  # type: ignore[arg-type] # a fake
            self.kept,
            metrics,
        )
        await self.task.start(MemoryConsumer(self.log), dict(OUTPUTS))  # type: ignore[arg-type] # a fake
        self.read = {TopicPartition(*where): self.task.positions.get(where, 0) for where in partitions}
        self.unread = {where: len(self.log.partitions[where]) for where in self.read if where.topic in CONTROL}

    async def turn(self, **most: int) -> None:
        """Read at most so many records of each partition (all of those not named), then decide."""
        for where, position in self.read.items():
            end = position + most.get(f"{where.topic}/{where.partition}", len(self.log.partitions[where]))
            for record in self.log.partitions[where][position:end]:
                self.task.accept(record)
                self.read[where] = record.offset + 1
        self.ends.note()
        self.task.knows_control(known=all(self.read[where] >= end for where, end in self.unread.items()))
        await self.task.turn()

    async def snapshot(self) -> None:
        """State and offsets are kept."""
        await self.task.checkpoint()
        self.ends.note()

    def crash(self, keep: Iterable[int]) -> None:
        """The process ends; of its last write each partition has as many records as `keep` says."""
        numbers = iter(keep)
        for name, partitions in OUTPUTS.items():
            for p in partitions:
                where = TopicPartition(name, p)
                del self.log.partitions[where][self.ends.before.get(where, 0) + next(numbers, 0) :]

    @property
    def market(self) -> PaperTradingProcessor:
        """The process' core."""
        assert isinstance(self.task.processor, PaperTradingProcessor)
        return self.task.processor

    @property
    def said(self) -> list[AnyEvent]:
        """The order events on the log, by order and sequence."""
        events = [decode(decode_header(record.value)) for record in self._records()]
        return sorted(events, key=lambda event: (event.data.order.order_id, event.data.order_sequence))

    @property
    def outcome(self) -> Log:
        """What the checker reads."""
        records = [
            Record(topic=r.topic, partition=r.partition, offset=r.offset, key=r.key, value=r.value)
            for r in self._records()
        ]
        return Log(records=tuple(records), instruments=frozenset(each.token for each in INSTRUMENTS))

    def _records(self) -> Iterable[ConsumerRecord]:
        return (r for name, ps in OUTPUTS.items() for p in ps for r in self.log.records(name, p))
