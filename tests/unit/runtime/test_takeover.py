"""However the writes of several owners of one task mix, what counts is what one alone would have written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

import msgspec
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from tests.support.memory_log import MemoryConsumer, MemoryLog, MemoryProducer
from tests.unit.runtime.counting import TOKEN, Counting, tick
from tests.unit.runtime.fake_owners import MemoryOwners
from tests.unit.runtime.test_task import BAR_TOPIC, EXPECTED, FEED, LETTERS, MARKERS, OWN, TICK_TOPIC, World

from alpha_panda.events.envelope import Envelope, Event, Origin, decode, decode_header, encode
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.fences import Fences, claim_of
from alpha_panda.events.market import Bar
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.topics import BARS, MARKET_EPOCHS, TICKS
from alpha_panda.runtime.errors import FencedError
from alpha_panda.runtime.gate import EpochGate, Upstream
from alpha_panda.runtime.inbox import Inbox, Input
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.ownership import Ownership, Tenure
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.snapshots import Snapshot
from alpha_panda.runtime.task import Task
from alpha_panda.runtime.wiring import Wiring

TASK = "counting"
pytestmark = pytest.mark.filterwarnings("error")


@dataclass
class Steps:
    """How often the others may go on before each step of an owner."""

    counts: Iterator[int]

    async def wait(self) -> None:
        for _ in range(next(self.counts)):
            await asyncio.sleep(0)


@dataclass
class SlowProducer(MemoryProducer):
    """Others write before a record of this one is on the log, and before it knows that it is."""

    steps: Steps = field(default_factory=lambda: Steps(cycle([0])))

    async def send(self, topic: str, value: bytes | None = None, **rest: object):
        await self.steps.wait()
        return await super().send(topic, value, **rest)  # type: ignore[arg-type] # passed on


@dataclass
class OwnedSnapshots:
    """One snapshot, which only the present owner replaces."""

    owners: MemoryOwners
    last: bytes | None = None
    steps: Steps = field(default_factory=lambda: Steps(cycle([0])))

    async def load(self, service: str, task: str) -> Snapshot | None:
        assert service == task == TASK
        return None if self.last is None else msgspec.json.decode(self.last, type=Snapshot)

    async def save(self, service: str, task: str, snapshot: Snapshot) -> None:
        if snapshot.fence != self.owners.rows[task].fence:
            raise FencedError(f"{service} has another owner")
        self.last = msgspec.json.encode(snapshot)


class Deaf(Tenure):
    """An owner that learns of its successor from nothing but refused snapshots."""

    def heard(self, claim: OwnershipTaken) -> None:
        """It does not listen."""


class Arena:
    """The feed's log of `World`, and any number of owners of the one task."""

    def __init__(self) -> None:
        self.log: MemoryLog = World().log
        self.owners = MemoryOwners()
        self.snapshots = OwnedSnapshots(self.owners)
        self.metrics = Metrics(TASK, None)

    async def live(self, name: str, start: int, steps: Steps, *, deaf: bool = False, every: int = 2) -> Task | None:
        """One owner until it has closed the last epoch; None where it was fenced before."""
        for _ in range(start):
            await asyncio.sleep(0)
        ownership = Ownership(self.owners, TASK, owner=name, clock=lambda: 0.0)
        tenure = await ownership.take(TASK)
        assert tenure is not None
        task = self._task(Deaf(TASK, TASK, ownership) if deaf else tenure, steps)
        try:
            await steps.wait()
            await task.start(MemoryConsumer(self.log), OWN)  # type: ignore[arg-type] # a fake
            turns = 0
            while not task.finished:
                await steps.wait()
                for name_ in (MARKERS, TICK_TOPIC):
                    for record in self.log.records(name_)[task.positions.get((name_, 0), 0) :][:3]:
                        task.accept(record)
                await task.turn()
                turns += 1
                if turns % every == 0:
                    await task.checkpoint()
            await task.checkpoint()
        except FencedError:
            return None
        return task

    def _task(self, tenure: Tenure, steps: Steps) -> Task:
        producer = SlowProducer(self.log, steps=steps)
        publisher = Publisher(
            producer,  # type: ignore[arg-type] # a fake
            self.metrics,
            Origin(source=TASK),
            "alpha-panda.counting",
            "",
            1,
            tenure=tenure,
        )
        inputs = {TICK_TOPIC: Input(topic=TICKS), MARKERS: Input(topic=MARKET_EPOCHS)}
        partitions = tuple((name, 0) for name in inputs)
        wiring = Wiring(
            service=TASK,
            inputs=inputs,
            own_topics=((BARS, BAR_TOPIC), (MARKET_EPOCHS, MARKERS)),
            marks=(MARKET_EPOCHS,),
            brokers=lambda _: (),
            make=Counting,
            effects=None,
            epochs=True,
            starts_with=MARKERS,
        )
        return Task(
            TASK,
            partitions,
            wiring,
            lambda last: EpochGate(Upstream(current=(FEED,)), FEED, frozenset(partitions), last),
            Inbox(lambda token: token == TOKEN, 1),
            publisher,
            self.snapshots,
            self.metrics,
        )

    def counting(self, topic: str) -> list[tuple[int, Event[Bar] | Event[EpochClosed]]]:
        """What counts of the task's records on a topic, with its offset."""
        fences, found = Fences(), []
        for record in self.log.records(topic):
            header: Envelope = decode_header(record.value)
            place = (topic, 0, record.offset)
            claim = claim_of(header)
            if header.source != TASK or fences.is_fenced(place, header):
                continue
            if claim is not None:
                fences.learn(place, claim)
                continue
            found.append((record.offset, decode(header)))
        return found

    def require_the_undisturbed_run(self) -> None:
        bars, marks = self.counting(BAR_TOPIC), self.counting(MARKERS)
        assert [(event.id, event.epoch, event.data) for _, event in bars] == EXPECTED.outputs
        assert [event.data.epoch for _, event in marks] == [1, 2, 3, 4, 5, 6]  # type: ignore[union-attr] # markers
        for _, mark in marks:
            end = mark.data.outputs[BAR_TOPIC]["0"]  # type: ignore[union-attr] # a marker
            epochs = [(event.epoch or 0) <= (mark.epoch or 0) for offset, event in bars if offset < end]
            assert all(epochs), "a marker promises nothing of a later epoch"
            assert sum(epochs) == sum((event.epoch or 0) <= (mark.epoch or 0) for _, event in bars)
        letters = {dict(record.headers)["panda-offset"] for record in self.log.records(LETTERS)}
        assert letters == {offset for _, offset in EXPECTED.letters}


STEPS = st.lists(st.integers(0, 12), min_size=1, max_size=40)
OWNER = st.tuples(st.integers(0, 150), STEPS, st.booleans(), st.integers(1, 3))


# A slow owner writes on while its successor has claimed the markers' topic and not yet the others: its events of a
# later epoch count, and its marker of the epoch before does not.
@example(
    [
        (5, [3], False, 2),
        (117, [1, 4, 1, 9, 10, 1, 1, 3], True, 2),
        (55, [9, 0, 11], True, 2),
        (132, [0, 11, 8, 8, 9, 9, 2, 3, 10, 0, 5, 0, 11, 12, 10, 3], True, 2),
        (93, [12, 9, 11, 7, 1, 12, 12, 0], True, 3),
    ]
)
@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.lists(OWNER, min_size=1, max_size=5))
def test_any_number_of_owners_at_once_come_to_what_one_alone_comes_to(owners: list[tuple[int, list[int], bool, int]]):
    async def all_at_once() -> Task | None:
        arena = Arena()
        lives = [
            arena.live(f"owner {n}", start, Steps(cycle(steps)), deaf=deaf, every=every)
            for n, (start, steps, deaf, every) in enumerate(owners)
        ]
        await asyncio.gather(*lives)
        last = await arena.live("the last", 0, Steps(cycle([0])))
        arena.require_the_undisturbed_run()
        return last

    task = asyncio.run(all_at_once())
    assert task is not None
    assert isinstance(task.processor, Counting)
    assert task.processor.prices == [10, 20, 30, 40, 50]


async def test_an_owner_that_sleeps_through_a_takeover_changes_nothing_when_it_wakes():
    """It sleeps between its decision and its writes, deaf to everything."""
    arena = Arena()
    asleep = asyncio.Event()
    woken = asyncio.Event()

    class Sleeping(Steps):
        async def wait(self) -> None:
            if len(arena.counting(BAR_TOPIC)) == 2:
                asleep.set()
                await woken.wait()

    first = asyncio.create_task(arena.live("first", 0, Sleeping(cycle([0])), deaf=True, every=9))
    await asleep.wait()
    second = await arena.live("second", 0, Steps(cycle([0])))
    assert second is not None
    before = len(arena.log.records(BAR_TOPIC))
    woken.set()
    assert await first is None
    assert len(arena.log.records(BAR_TOPIC)) > before, "it has written"
    arena.require_the_undisturbed_run()


async def test_readers_count_what_a_fenced_owner_wrote():
    arena = Arena()
    first = await arena.live("first", 0, Steps(cycle([0])))
    assert first is not None
    second = await arena.live("second", 0, Steps(cycle([0])))
    assert second is not None
    zombie = arena._task(Deaf(TASK, TASK, None), Steps(cycle([0])))  # noqa: SLF001 - of this file
    await zombie._publisher.publish([Counting()._sum(event) for _, event in arena.counting(BAR_TOPIC)[:1]], 1)  # noqa: SLF001
    arena.require_the_undisturbed_run()


async def test_where_postgresql_was_restored_from_a_backup_the_owner_goes_above_the_log():
    arena = Arena()
    for name in ("first", "second", "third"):
        assert await arena.live(name, 0, Steps(cycle([0]))) is not None
    arena.owners.rows.clear()
    arena.snapshots.last = None
    last = await arena.live("after the backup", 0, Steps(cycle([0])))
    assert last is not None
    assert arena.owners.rows[TASK].fence == 4
    arena.require_the_undisturbed_run()


async def test_what_only_bears_the_tasks_name_is_not_ones_own_and_holds_up_no_marker():
    log = MemoryLog()
    event = Counting()._sum(tick(100, epoch=1))  # noqa: SLF001 - the event that it would say
    forged = msgspec.structs.replace(event, data=tick(100).data)
    for said, epoch in ((event, 1), (forged, 999)):
        log.append(BAR_TOPIC, encode(said, Origin(source=TASK), epoch), key=said.key.encode())
    publisher = Publisher(MemoryProducer(log), Metrics(TASK, None), Origin(source=TASK), "group", "", 1)  # type: ignore[arg-type] # a fake

    found = await publisher.recover(MemoryConsumer(log), {BAR_TOPIC: (0,), MARKERS: (0,)}, {})  # type: ignore[arg-type] # a fake
    await publisher.publish([event], 1)
    await publisher.mark((MARKET_EPOCHS,), (), TASK, 1, event.event_time)

    assert [envelope.epoch for _, envelope in found] == [1]
    assert len(log.records(BAR_TOPIC)) == 2
    assert decode(decode_header(log.values(MARKERS)[0])).data.outputs == {BAR_TOPIC: {"0": 2}}
