"""Live, a task decides on nothing before it knows `control.*`, and holds what a gate does not answer for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
import pytest
from tests.support.memory_log import MemoryConsumer, MemoryLog, MemoryProducer
from tests.unit.runtime.counting import TOKEN, Counting, moment, tick

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import HaltScope, TradingHalted
from alpha_panda.events.envelope import Event, Origin, decode, decode_header, encode
from alpha_panda.events.topics import BARS, CONTROL_TRADING, TICKS, Topic
from alpha_panda.runtime.gate import EpochGate, Upstream
from alpha_panda.runtime.inbox import Inbox, Input
from alpha_panda.runtime.live_gate import Answer, LiveGate
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.snapshots import Snapshot, SnapshotStore
from alpha_panda.runtime.task import Task
from alpha_panda.runtime.wiring import Wiring

OTHER = TOKEN + 1
TICK_TOPIC, BAR_TOPIC, CONTROL_TOPIC = (topic.full_name() for topic in (TICKS, BARS, CONTROL_TRADING))


class Said(msgspec.Struct, frozen=True):
    word: str


class Heeding(Counting):
    """Counts, and remembers what it was told beside the log in the order of the prices."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def on_event(self, event: AnyEvent, topic: Topic) -> Iterator[AnyEvent]:
        if isinstance(event.data, TradingHalted):
            self.heard.append(event.data.reason)
            return
        self.heard.append(event.data.price_paise)
        yield from super().on_event(event, topic)

    def heed(self, fact: msgspec.Struct) -> None:
        assert isinstance(fact, Said)
        self.heard.append(fact.word)


class EvenGate(LiveGate):
    """Concerns even prices, which may wait until second 50."""

    def __init__(self) -> None:
        self.known = True
        self.asked = 0

    def concerns(self, event: AnyEvent) -> bool:
        return event.data.price_paise % 2 == 0

    def may_wait(self, event: AnyEvent, watermark: datetime | None) -> bool:
        _ = event
        return watermark is None or watermark <= moment(50)

    def read(self, fact: msgspec.Raw) -> Said:
        return msgspec.json.decode(fact, type=Said)

    async def ask(self) -> Answer:
        self.asked += 1
        return Answer(fact=Said("open" if self.known else "unknown"), known=self.known)


class Nowhere:
    """Snapshots that nobody reads."""

    async def load(self, service: str, task: str) -> None:
        assert (service, task) == ("heeding", "heeding")

    async def save(self, service: str, task: str, snapshot: Snapshot) -> None:
        raise AssertionError((service, task, snapshot))


class Desk:
    """A live task, its gate and what is on its log."""

    def __init__(self, gate: LiveGate | None, snapshots: SnapshotStore | None = None) -> None:
        self.log = MemoryLog()
        metrics = Metrics("heeding", None)
        producer = MemoryProducer(self.log)
        publisher = Publisher(producer, metrics, Origin(source="heeding"), "alpha-panda.heeding", "", 1)  # type: ignore[arg-type] # a fake
        inputs = {
            TICK_TOPIC: Input(topic=TICKS, in_sequence=False),
            CONTROL_TOPIC: Input(topic=CONTROL_TRADING),
        }
        partitions = tuple((name, 0) for name in inputs)
        self.task = Task(
            "heeding",
            partitions,
            Wiring(
                service="heeding",
                inputs=inputs,
                own_topics=((BARS, BAR_TOPIC),),
                marks=(),
                brokers=lambda _: (),
                make=Heeding,
                effects=None,
                epochs=False,
                starts_with="",
                live_gate=gate,
            ),
            lambda last: EpochGate(Upstream(current=()), "", frozenset(partitions), last),
            Inbox(lambda token: token in (TOKEN, OTHER), 1),
            publisher,
            snapshots or Nowhere(),
            metrics,
        )

    async def start(self) -> None:
        await self.task.start(MemoryConsumer(self.log), {BAR_TOPIC: (0,)})  # type: ignore[arg-type] # a fake

    def read(self, event: AnyEvent, name: str = TICK_TOPIC) -> None:
        self.task.accept(self.log.append(name, encode(event, Origin(source="test")), key=event.key.encode()))

    async def turn(self, *prices: int, second: int = 0, token: int = TOKEN) -> None:
        for price in prices:
            self.read(tick(price, second, token=token))
        await self.task.turn()

    @property
    def heard(self) -> list[object]:
        assert isinstance(self.task.processor, Heeding)
        return self.task.processor.heard

    @property
    def sums(self) -> list[int]:
        return [decode(decode_header(value)).data.close_paise for value in self.log.values(BAR_TOPIC)]


@pytest.fixture
def gate() -> EvenGate:
    return EvenGate()


@pytest.fixture
async def desk(gate: EvenGate) -> Desk:
    found = Desk(gate)
    await found.start()
    found.task.knows_control(known=True)
    return found


async def test_the_answer_comes_before_the_records_that_it_concerns(desk: Desk) -> None:
    await desk.turn(1, 2)
    assert desk.heard == ["open", 1, 2]


async def test_nobody_is_asked_about_records_that_the_gate_does_not_concern(desk: Desk, gate: EvenGate) -> None:
    await desk.turn(1, 3)
    assert desk.heard == [1, 3]
    assert gate.asked == 0


async def test_without_an_answer_the_records_wait_uncommitted_and_everything_else_goes_on(
    desk: Desk, gate: EvenGate
) -> None:
    gate.known = False
    await desk.turn(1, 2)
    await desk.turn(4)
    assert desk.heard == ["unknown", 1, "unknown"]
    assert desk.sums == [1]
    assert desk.task.committable()[TICK_TOPIC, 0] == 1
    gate.known = True
    await desk.turn()
    assert desk.heard[-3:] == ["open", 2, 4]
    assert desk.sums == [1, 3, 7]
    assert desk.task.committable()[TICK_TOPIC, 0] == 3


async def test_a_record_that_can_wait_no_longer_is_decided_on_without_an_answer(desk: Desk, gate: EvenGate) -> None:
    gate.known = False
    await desk.turn(2, second=10)
    await desk.turn(8, second=11)
    assert desk.sums == []
    await desk.turn(9, second=51, token=OTHER)
    await desk.turn()
    assert desk.heard[-4:] == [9, "unknown", 2, 8]


async def test_a_later_record_of_its_key_ends_a_records_wait(desk: Desk, gate: EvenGate) -> None:
    gate.known = False
    await desk.turn(2, 4)
    await desk.turn(5, 6)
    assert desk.heard == ["unknown", "unknown", 2, 4, 5]
    assert desk.task.committable()[TICK_TOPIC, 0] == 3


async def test_a_halt_on_the_log_is_known_before_the_first_record_is_decided_on() -> None:
    desk = Desk(None)
    await desk.start()
    await desk.turn(1)
    assert desk.heard == []
    assert desk.task.committable()[TICK_TOPIC, 0] == 0
    data = TradingHalted(scope=HaltScope.ALL, subject="", actor="ana", reason="news")
    desk.read(Event(id="h", event_time=moment(0), data=data, key="all:", correlation_id="h"), CONTROL_TOPIC)
    await desk.turn(3)
    assert desk.heard == ["news"]
    desk.task.knows_control(known=True)
    await desk.turn()
    assert desk.heard == ["news", 1, 3]


async def test_what_comes_late_is_told_at_the_time_that_it_is_by_now() -> None:
    desk = Desk(None)
    await desk.start()
    desk.task.knows_control(known=True)
    await desk.turn(1, second=9)
    await desk.turn(3, second=5)
    assert isinstance(desk.task.processor, Heeding)
    assert desk.task.processor.times == [moment(9), moment(9)]
