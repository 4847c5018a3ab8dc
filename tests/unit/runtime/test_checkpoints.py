"""A snapshot that is slow or fails holds up nothing live, and loses nothing; a replay waits for its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition
from tests.unit.runtime.counting import tick
from tests.unit.runtime.test_live_task import TICK_TOPIC, Desk

from alpha_panda.runtime.checkpoints import Checkpoints
from alpha_panda.runtime.errors import AuthenticationError, TransientError
from alpha_panda.runtime.layers import load_settings
from alpha_panda.runtime.logs import LogQueue
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.snapshots import Snapshot

TICKS_READ = TopicPartition(TICK_TOPIC, 0)


class Shelf:
    """Snapshots that are kept when it is let; `fault` is raised instead."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.fault: Exception | None = None
        self.kept: list[Snapshot] = []

    async def load(self, service: str, task: str) -> None:
        assert (service, task) == ("heeding", "heeding")

    async def save(self, service: str, task: str, snapshot: Snapshot) -> None:
        assert service == task
        await self.open.wait()
        if self.fault is not None:
            raise self.fault
        self.kept.append(snapshot)

    @property
    def read_to(self) -> list[int]:
        """How far each snapshot that was kept had read the ticks."""
        return [each.offsets[TICK_TOPIC][0] for each in self.kept]


class Committing:
    """A consumer that remembers what was committed."""

    def __init__(self) -> None:
        self.committed: list[int] = []

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed.append(offsets[TICKS_READ])


class Loop:
    """A live task whose loop turns when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, beside: bool = True) -> None:
        monkeypatch.setenv("PANDA_RUN__SNAPSHOT_SECONDS", "0.000001")
        self.shelf = Shelf()
        self.desk = Desk(None, self.shelf)
        self.desk.task.knows_control(known=True)
        self.consumer = Committing()
        process = Process(load_settings(), LogQueue(10))
        consumer: Any = self.consumer
        self.checkpoints = Checkpoints(process, consumer, [self.desk.task], beside=beside)

    async def turn(self, price: int | None = None) -> None:
        if price is not None:
            self.desk.read(tick(price))
        await self.desk.task.turn()
        await self.checkpoints.turn()

    async def until_committed(self) -> None:
        async with asyncio.timeout(5):
            while not self.consumer.committed:
                await self.turn()
                await asyncio.sleep(0)


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    return Loop(monkeypatch)


async def test_while_a_snapshot_is_on_its_way_the_loop_goes_on_deciding(loop: Loop) -> None:
    loop.shelf.open.clear()
    await loop.turn(100)
    await loop.turn(102)
    assert loop.desk.heard == [100, 102]
    assert loop.shelf.kept == []
    assert loop.consumer.committed == []


async def test_a_snapshot_holds_what_was_read_when_it_was_taken_and_not_what_came_meanwhile(loop: Loop) -> None:
    loop.shelf.open.clear()
    await loop.turn(100)
    await loop.turn(102)
    loop.shelf.open.set()
    await loop.until_committed()
    assert loop.shelf.read_to[0] == 1
    assert loop.consumer.committed[0] == 1
    await loop.checkpoints.finish()
    assert (loop.shelf.read_to[-1], loop.consumer.committed[-1]) == (2, 2)


async def test_one_that_fails_is_taken_anew_and_nothing_is_committed_before(loop: Loop) -> None:
    loop.shelf.fault = TransientError("PostgreSQL does not answer")
    for price in (100, 102, 104):
        await loop.turn(price)
        await asyncio.sleep(0)
    assert loop.desk.heard == [100, 102, 104]
    assert loop.consumer.committed == []
    loop.shelf.fault = None
    await loop.turn()
    await loop.checkpoints.finish()
    assert (loop.shelf.read_to[-1], loop.consumer.committed[-1]) == (3, 3)


async def test_a_store_that_refuses_ends_the_service(loop: Loop) -> None:
    loop.shelf.fault = AuthenticationError("not this user", remedy="mend it")
    await loop.turn(100)
    await asyncio.sleep(0)
    with pytest.raises(AuthenticationError):
        await loop.turn()


async def test_an_end_does_not_wait_for_a_store_that_hangs(loop: Loop) -> None:
    loop.shelf.open.clear()
    async with asyncio.timeout(5), loop.checkpoints:
        await loop.turn(100)
    assert loop.shelf.kept == []


async def test_a_replay_waits_for_its_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(monkeypatch, beside=False)
    loop.shelf.open.clear()
    turning = asyncio.create_task(loop.turn(100))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not turning.done()
    loop.shelf.open.set()
    await turning
    assert (loop.shelf.read_to, loop.consumer.committed) == ([1], [1])
