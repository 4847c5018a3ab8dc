"""A store that ends is started again, and everybody can see it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest
import pytest_asyncio

from alpha_panda.errors import UnavailableError
from alpha_panda.local import store_keeper
from alpha_panda.local.process import ServerProcess
from alpha_panda.local.status_file import ServiceState
from alpha_panda.local.store_keeper import StoreKeeper

PROGRAM = "import signal; print('up', flush=True); signal.pause()"


class PausingStore:
    """A real process that does nothing; `refusals` are what the next starts fail with."""

    name = "redis"

    def __init__(self, folder: Path) -> None:
        self.process = ServerProcess(
            name="Redis", log=folder / "redis.log", pid_file=folder / "redis.json", marker=str(folder)
        )
        self.refusals: list[str] = []
        self.steps: list[str] = []

    async def prepare(self) -> None:
        self.steps.append("prepare")

    async def start(self) -> None:
        self.steps.append("start")
        if self.refusals:
            raise UnavailableError(self.refusals.pop(0))
        self.process.start([sys.executable, "-c", PROGRAM, self.process.marker], cwd=Path("/"), env={})

    async def wait_ready(self, seconds: float) -> None:
        assert seconds > 0
        self.steps.append("ready")

    async def stop(self) -> None:
        await self.process.stop(grace=0)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[PausingStore]:
    made = PausingStore(tmp_path)
    await made.start()
    yield made
    await made.stop()


class Kept:
    """A keeper at work, and how often it said that a store serves again."""

    def __init__(self, store: PausingStore) -> None:
        self.again = asyncio.Event()
        self.keeper = StoreKeeper([store], self.again.set)
        self.task = asyncio.create_task(self.keeper.keep())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def kill(store: PausingStore) -> int:
    pid = store.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


async def test_a_running_store_is_left_alone(store: PausingStore):
    async with Kept(store) as kept:
        (status,) = kept.keeper.status
        assert (status.name, status.state, status.restarts, status.pid) == (
            "redis",
            ServiceState.RUNNING,
            0,
            store.process.pid,
        )


async def test_a_store_that_is_killed_serves_again_and_whoever_is_connected_is_told(store: PausingStore):
    async with Kept(store) as kept:
        before = kill(store)
        await kept.again.wait()
        (status,) = kept.keeper.status
        assert (status.state, status.restarts) == (ServiceState.RUNNING, 1)
        assert status.reason == "Redis was killed by SIGKILL"
        assert store.process.pid not in (None, before)
        assert store.steps[1:] == ["prepare", "start", "ready"]


async def test_a_store_that_cannot_start_is_tried_again_with_growing_pauses(
    store: PausingStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(store_keeper, "FIRST_PAUSE", 0.001)
    store.refusals = ["no room", "no room"]
    async with Kept(store) as kept:
        kill(store)
        await kept.again.wait()
        (status,) = kept.keeper.status
        assert (status.restarts, status.reason) == (3, "no room")


async def test_while_it_is_away_its_state_and_the_reason_are_shown(
    store: PausingStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(store_keeper, "FIRST_PAUSE", 60.0)
    async with Kept(store) as kept:
        kill(store)
        while kept.keeper.status[0].state is ServiceState.RUNNING:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        (status,) = kept.keeper.status
        assert (status.state, status.pid, status.reason) == (
            ServiceState.BACK_OFF,
            None,
            "Redis was killed by SIGKILL",
        )
        assert not kept.again.is_set()
