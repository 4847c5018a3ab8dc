"""The feed publishes each epoch once, in step with Paper trading, and goes on after a crash where it was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import TopicPartition
from tests.support.memory_log import CrashError, Faults, MemoryConsumer, MemoryLog, MemoryProducer
from tests.unit.market_feed.test_paper_gate import configured
from tests.unit.runtime.counting import moment, tick

from alpha_panda.domain.epochs import EpochBatch
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Event, Origin, decode, decode_header, encode
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.ids import event_id
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.topics import BROKER_EPOCHS, CONTROL_BROKERS, MARKET_EPOCHS, TICKS, Topic, dead_letter_topic
from alpha_panda.market_feed import feed as module
from alpha_panda.market_feed.feed import Feed, MarkerWatch, Pace
from alpha_panda.market_feed.sources.port import EpochSource, RejectedRow, SourceReport
from alpha_panda.runtime.logs import LogQueue
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.settings import ServiceSection, ServiceSettings

TASK = "market-feed"
TRADING = "paper.paper-trading"
TICK_TOPIC, MARKERS = TICKS.full_name(), MARKET_EPOCHS.full_name()
LETTERS = dead_letter_topic(TICK_TOPIC)
PAPER_EPOCHS = BROKER_EPOCHS.full_name("paper")
OWN = {TICK_TOPIC: (0,), MARKERS: (0,), LETTERS: (0,)}
EPOCHS = 4


class Source(EpochSource):
    """Four epochs, the last one empty, and a bad row before the second."""

    report = SourceReport()

    @property
    def description(self) -> str:
        return "four epochs"

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        return ()

    def check(self) -> None:
        """Always good."""

    def epochs(self) -> Iterator[EpochBatch]:
        self._rows = [RejectedRow(file="day.csv", line=7, raw="x,y", reason="no price")]
        for number in range(1, EPOCHS + 1):
            ticks = () if number == EPOCHS else (tick(number, number * 10), tick(number + 100, number * 10 + 1))
            yield EpochBatch(number=number, watermark=moment(number * 10 + 5), ticks=ticks, final=number == EPOCHS)

    def drain_rejected(self) -> tuple[RejectedRow, ...]:
        rows, self._rows = self._rows, []
        return tuple(rows)


class Control:
    """What the control topics say: some events at the start, some later."""

    def __init__(self, *events: AnyEvent) -> None:
        self.at_start = list(events)
        self.later: list[AnyEvent] = []
        self.ends = {CONTROL_BROKERS.full_name(): len(events)}

    async def start(self) -> list[tuple[AnyEvent, Topic]]:
        return [(event, CONTROL_BROKERS) for event in self.at_start]

    async def poll(self, milliseconds: int = 0) -> list[tuple[AnyEvent, Topic]]:
        _ = milliseconds
        await asyncio.sleep(0)
        news, self.later = self.later, []
        self.ends[CONTROL_BROKERS.full_name()] += len(news)
        return [(event, CONTROL_BROKERS) for event in news]


class Desk:
    """A feed on a log in memory."""

    def __init__(self, log: MemoryLog | None = None, faults: Faults | None = None, *brokers: str) -> None:
        self.log = log or MemoryLog()
        lines = LogQueue(10)
        lines.close()
        settings = ServiceSettings(service=ServiceSection(name=TASK, group="alpha-panda.market-feed"))
        self.process = Process(settings, lines)
        self.control = Control(*(configured(name) for name in brokers))
        producer = MemoryProducer(self.log, faults or Faults())
        publisher = Publisher(producer, self.process.metrics, Origin(source=TASK), "alpha-panda.market-feed", "", 1)  # type: ignore[arg-type] # fakes
        self.feed = Feed(self.process, publisher, self.control, TASK)  # type: ignore[arg-type] # a fake

    async def run(self, speed: float | None = None) -> None:
        last = await self.feed.recover(MemoryConsumer(self.log), OWN)
        watch = MarkerWatch(MemoryConsumer(self.log), "")
        await self.feed.replay(Source(), last, speed, watch)

    def taken_over(self, fence: int) -> None:
        """The Paper Broker's trading has another owner."""
        claim = OwnershipTaken(task=TRADING, fence=fence, owner="here:1")
        event = Event(id=f"claim {fence}", event_time=moment(0), data=claim, key=TRADING, correlation_id="claim")
        self.log.append(PAPER_EPOCHS, encode(event, Origin(source=TRADING, fence=fence)))

    def closes(self, epoch: int, fence: int | None = None) -> None:
        """The Paper Broker's trading has closed an epoch."""
        data = EpochClosed(task=TRADING, epoch=epoch, outputs={}, control={})
        identity = event_id(moment(epoch), "marker", epoch)
        event = Event(id=identity, event_time=moment(epoch), data=data, key="k", correlation_id=identity)
        self.log.append(PAPER_EPOCHS, encode(event, Origin(source=TRADING, fence=fence), epoch))

    @property
    def prices(self) -> list[int]:
        return [decode(decode_header(value)).data.price_paise for value in self.log.values(TICK_TOPIC)]

    @property
    def marks(self) -> list[EpochClosed]:
        return [decode(decode_header(value)).data for value in self.log.values(MARKERS)]


EXPECTED = [1, 101, 2, 102, 3, 103]


async def until(desk: Desk, count: int) -> None:
    """Let the feed work until it has published `count` markers and waits."""
    while len(desk.marks) < count:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_replay_publishes_every_epoch_with_its_marker_and_says_that_it_ended():
    desk = Desk()
    await desk.run()
    assert desk.prices == EXPECTED
    assert [(mark.epoch, mark.final) for mark in desk.marks] == [(1, False), (2, False), (3, False), (4, True)]
    assert [mark.outputs[TICK_TOPIC]["0"] for mark in desk.marks] == [2, 4, 6, 6]
    assert desk.process.health.detail["finished"] is True


async def test_an_epoch_waits_until_paper_trading_has_closed_the_one_before():
    desk = Desk(None, None, "paper")
    running = asyncio.create_task(desk.run())
    for epoch in range(1, EPOCHS):
        await until(desk, epoch)
        assert len(desk.marks) == epoch
        assert desk.process.health.detail["waits_for"] == ["paper"]
        desk.closes(epoch)
    await running
    assert len(desk.marks) == EPOCHS


async def test_a_replaced_owner_of_paper_trading_does_not_let_the_feed_go_on():
    desk = Desk(None, None, "paper")
    running = asyncio.create_task(desk.run())
    await until(desk, 1)
    desk.taken_over(2)
    desk.closes(1, fence=1)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(desk.marks) == 1
    for epoch in range(1, EPOCHS):
        desk.closes(epoch, fence=2)
    await running
    assert len(desk.marks) == EPOCHS


async def test_a_broker_that_is_deleted_while_it_is_waited_for_holds_nothing_up():
    desk = Desk(None, None, "paper")
    running = asyncio.create_task(desk.run())
    await until(desk, 1)
    desk.control.later = [configured("paper", None)]
    await running
    assert len(desk.marks) == EPOCHS
    assert [mark.control[CONTROL_BROKERS.full_name()] for mark in desk.marks] == [1, 2, 2, 2]


async def test_being_told_to_stop_ends_the_wait():
    desk = Desk(None, None, "paper")
    running = asyncio.create_task(desk.run())
    await until(desk, 1)
    desk.process.stopping.set()
    await running
    assert len(desk.marks) == 1


@pytest.mark.parametrize("written", [False, True], ids=["lost", "written"])
@pytest.mark.parametrize("at", range(11))
async def test_a_crash_at_any_write_publishes_everything_once(at: int, written: bool):  # noqa: FBT001 - a parameter
    first = Desk(None, Faults(at, written))
    with pytest.raises(CrashError):
        await first.run()
    again = Desk(first.log)
    await again.run()
    assert again.prices == EXPECTED
    assert [mark.epoch for mark in again.marks] == [1, 2, 3, 4]
    assert len(again.log.partitions[TopicPartition(LETTERS, 0)]) == 1, "the bad row"


async def test_a_replay_that_has_ended_is_not_published_again():
    first = Desk()
    await first.run()
    again = Desk(first.log)
    await again.run()
    assert again.prices == EXPECTED
    assert again.process.health.detail["finished"] is True


async def test_a_paced_market_that_starts_again_goes_on_where_it_was_and_waits_for_nothing_before():
    seconds, rate = 60, 4
    ticks = [(tick(number, number),) for number in range(1, seconds * rate)]
    first = Desk()
    await first.feed.stream(ticks[:-1], 1_000_000)
    again = Desk(first.log)
    await again.feed.recover(MemoryConsumer(again.log), OWN)
    async with asyncio.timeout(seconds / 2):
        await again.feed.stream(ticks, rate)
    assert again.prices == list(range(1, seconds * rate)), "each once"


class Clock:
    """Monotonic seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


OPEN = datetime(2026, 1, 5, 3, 45, tzinfo=UTC)


def test_without_a_speed_nothing_waits(clock: Clock):
    assert clock.now == 100.0
    assert Pace(None).seconds_until(OPEN + timedelta(days=1)) == 0


def test_at_a_speed_of_sixty_a_minute_takes_a_second(clock: Clock):
    pace = Pace(60)
    assert pace.seconds_until(OPEN) == 0
    assert pace.seconds_until(OPEN + timedelta(minutes=2)) == pytest.approx(2)
    clock.now += 1.5
    assert pace.seconds_until(OPEN + timedelta(minutes=2)) == pytest.approx(0.5)
    clock.now += 5
    assert pace.seconds_until(OPEN + timedelta(minutes=2)) < 0, "late: no wait at all"


def test_a_night_is_not_waited_for(clock: Clock):
    pace = Pace(60)
    pace.seconds_until(OPEN)
    clock.now += 1
    morning = OPEN + timedelta(days=1)
    assert pace.seconds_until(morning) == 0
    assert pace.seconds_until(morning + timedelta(minutes=1)) == pytest.approx(1)
