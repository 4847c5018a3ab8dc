"""A task that is killed at any write goes on as if nothing had happened: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.memory_log import CrashError, Faults, MemoryConsumer, MemoryLog, MemoryProducer
from tests.unit.runtime.counting import FATAL, REFUSED, TOKEN, Counting, moment, tick

from alpha_panda.events.envelope import Event, Origin, decode, decode_header, encode
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.ids import event_id
from alpha_panda.events.topics import BARS, MARKET_EPOCHS, TICKS, dead_letter_topic
from alpha_panda.runtime.gate import EpochGate, Upstream
from alpha_panda.runtime.inbox import Inbox, Input
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.snapshots import Snapshot
from alpha_panda.runtime.task import Task
from alpha_panda.runtime.wiring import Wiring

FEED = "market-feed"
TICK_TOPIC, BAR_TOPIC, MARKERS = (topic.full_name() for topic in (TICKS, BARS, MARKET_EPOCHS))
LETTERS = dead_letter_topic(TICK_TOPIC)
OWN = {BAR_TOPIC: (0,), MARKERS: (0,), LETTERS: (0,), dead_letter_topic(MARKERS): (0,)}
EPOCHS = 6


class Snapshots:
    """The last snapshot as bytes, written or not when the process ends."""

    def __init__(self) -> None:
        self.last: bytes | None = None
        self.faults = Faults()

    async def load(self, service: str, task: str) -> Snapshot | None:
        assert (service, task) == ("counting", "counting")
        return None if self.last is None else msgspec.msgpack.decode(self.last, type=Snapshot)

    async def save(self, service: str, task: str, snapshot: Snapshot) -> None:
        assert (service, task) == ("counting", "counting")
        crash = self.faults.reached()
        if crash and not self.faults.written:
            raise CrashError
        self.last = msgspec.msgpack.encode(snapshot)
        if crash:
            raise CrashError


class World:
    """What outlives a process: the log and the snapshots; the feed has written all it has to say."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.snapshots = Snapshots()
        for epoch in range(1, EPOCHS + 1):
            for number, price in enumerate(((10, 20), (30, REFUSED), (), (FATAL, 40), (50,), ())[epoch - 1]):
                event = tick(price, epoch * 10 + number)
                self.log.append(TICK_TOPIC, encode(event, Origin(source=FEED), epoch, moment(0)))
            if epoch in (2, 5):
                self.log.append(TICK_TOPIC, b"no JSON at all")
            self._mark(epoch, final=epoch == EPOCHS)

    def _mark(self, epoch: int, *, final: bool) -> None:
        ends = {TICK_TOPIC: {"0": len(self.log.records(TICK_TOPIC))}}
        identity = event_id(moment(epoch * 10 + 9), "marker", FEED, epoch)
        data = EpochClosed(task=FEED, epoch=epoch, outputs=ends, control={}, final=final)
        event = Event(id=identity, event_time=moment(epoch * 10 + 9), data=data, key=FEED, correlation_id=identity)
        self.log.append(MARKERS, encode(event, Origin(source=FEED), epoch, moment(0)))

    async def live(self, faults: Faults, chunk: int, checkpoint_every: int) -> Task:
        """One process from its start until it has read everything, or until it crashes."""
        metrics = Metrics("counting", None)
        publisher = Publisher(
            MemoryProducer(self.log, faults),  # type: ignore[arg-type] # a fake
            metrics,
            Origin(source="counting"),
            "alpha-panda.counting",
            "",
            1,
        )
        inputs = {TICK_TOPIC: Input(topic=TICKS), MARKERS: Input(topic=MARKET_EPOCHS)}
        partitions = tuple((name, 0) for name in inputs)
        task = Task(
            "counting",
            partitions,
            Wiring(
                service="counting",
                inputs=inputs,
                own_topics=((BARS, BAR_TOPIC), (MARKET_EPOCHS, MARKERS)),
                marks=(MARKET_EPOCHS,),
                brokers=lambda _: (),
                make=Counting,
                effects=None,
                epochs=True,
                starts_with=MARKERS,
            ),
            lambda last: EpochGate(Upstream(current=(FEED,)), FEED, frozenset(partitions), last),
            Inbox(lambda token: token == TOKEN, 1),
            publisher,
            self.snapshots,
            metrics,
        )
        await task.start(MemoryConsumer(self.log), OWN)
        waiting = [
            record
            for name in (MARKERS, TICK_TOPIC)
            for record in self.log.records(name)[task.positions.get((name, 0), 0) :]
        ]
        turns = 0
        while waiting:
            for record in waiting[:chunk]:
                task.accept(record)
            waiting = waiting[chunk:]
            await task.turn()
            turns += 1
            if turns % checkpoint_every == 0:
                await task.checkpoint()
        await task.turn()
        await task.checkpoint()
        return task

    async def live_with(self, faults: list[Faults], chunk: int = 3, checkpoint_every: int = 2) -> Task:
        """A process for each of the faults, and one that reaches the end."""
        for fault in faults:
            try:
                await self.live(fault, chunk, checkpoint_every)
            except CrashError:
                continue
        self.snapshots.faults = Faults()
        return await self.live(Faults(), chunk, checkpoint_every)

    @property
    def outputs(self) -> list[tuple[str, int | None, object]]:
        """What was decided, as it is on the log: id, epoch, data."""
        events = [decode(decode_header(value)) for value in self.log.values(BAR_TOPIC)]
        return [(event.id, event.epoch, event.data) for event in events]

    @property
    def marks(self) -> list[EpochClosed]:
        events = [decode(decode_header(value)).data for value in self.log.values(MARKERS)]
        return [data for data in events if data.task == "counting"]

    @property
    def letters(self) -> list[tuple[bytes | None, bytes]]:
        return [(record.value, dict(record.headers)["panda-offset"]) for record in self.log.records(LETTERS)]


def undisturbed() -> World:
    world = World()
    asyncio.run(world.live_with([]))
    return world


EXPECTED = undisturbed()


def test_an_undisturbed_run_sums_every_good_tick_and_sets_the_others_aside():
    assert [data.close_paise for _, _, data in EXPECTED.outputs] == [10, 30, 60, 100, 150]  # type: ignore[attr-defined] # bars
    assert [epoch for _, epoch, _ in EXPECTED.outputs] == [1, 1, 2, 4, 5]
    assert [mark.epoch for mark in EXPECTED.marks] == [1, 2, 3, 4, 5, 6]
    assert [mark.final for mark in EXPECTED.marks] == [False] * 5 + [True]
    assert len(EXPECTED.letters) == 4, "two that are no JSON, one refused, one that made the processor fail"


def test_a_marker_promises_exactly_what_is_on_the_log_before_it():
    assert [mark.outputs.get(BAR_TOPIC, {}).get("0", 0) for mark in EXPECTED.marks] == [2, 3, 3, 4, 5, 5]


def same_as_undisturbed(world: World) -> None:
    assert world.outputs == EXPECTED.outputs
    assert world.marks == EXPECTED.marks
    assert sorted(world.letters, key=lambda each: each[1]) == sorted(EXPECTED.letters, key=lambda each: each[1])


@pytest.mark.parametrize("written", [False, True], ids=["lost", "written"])
@pytest.mark.parametrize("at", range(16))
def test_a_crash_at_any_write_loses_nothing_and_repeats_nothing(at: int, written: bool):  # noqa: FBT001 - a parameter
    world = World()
    asyncio.run(world.live_with([Faults(at, written)]))
    same_as_undisturbed(world)


@pytest.mark.parametrize("written", [False, True], ids=["lost", "written"])
@pytest.mark.parametrize("at", range(4))
def test_a_crash_while_a_snapshot_is_saved_loses_nothing_and_repeats_nothing(at: int, written: bool):  # noqa: FBT001
    world = World()
    world.snapshots.faults = Faults(at, written)
    asyncio.run(world.live_with([Faults()]))
    same_as_undisturbed(world)


def test_a_second_crash_does_not_forget_what_the_life_before_found_on_the_log():
    """The snapshot of the second life is taken before it has decided again what the first one had written."""
    world = World()
    asyncio.run(world.live_with([Faults(5), Faults(0)], chunk=11, checkpoint_every=1))
    same_as_undisturbed(world)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.builds(Faults, at=st.integers(0, 15), written=st.booleans()), max_size=6),
    st.integers(1, 20),
    st.integers(1, 5),
)
def test_any_number_of_crashes_whatever_is_read_at_once_changes_nothing(
    faults: list[Faults], chunk: int, checkpoint_every: int
):
    world = World()
    task = asyncio.run(world.live_with(faults, chunk, checkpoint_every))
    same_as_undisturbed(world)
    assert task.finished
    assert isinstance(task.processor, Counting)
    assert task.processor.prices == [10, 20, 30, 40, 50]


def test_what_waits_is_read_again_after_a_restart():
    """Only whole epochs count: a snapshot in the middle of one names offsets before what is still waiting."""

    async def half() -> Task:
        world = World()
        task = await world.live(Faults(), 3, 2)
        assert task.committable() == task.positions, "at the end nothing waits"
        other = World()
        other.log.partitions.pop(next(key for key in other.log.partitions if key.topic == MARKERS))
        return await other.live(Faults(), 3, 2)

    task = asyncio.run(half())
    assert task.epoch is None
    assert task.committable()[TICK_TOPIC, 0] == 0
