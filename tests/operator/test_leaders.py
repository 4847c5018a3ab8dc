"""One of three operators works: whatever becomes of it, another takes over, and never do two of them write."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from tests.operator.conftest import at_rest, eventually
from tests.support.fault_proxy import Asked, FaultProxy
from tests.support.installed import MOMENTUM, PAPER, Installed
from tests.support.operators import Operator

from alpha_panda.runtime.errors import EXIT_FENCED

pytestmark = pytest.mark.operator

PAUSED = {**MOMENTUM, "state": "Paused"}


@dataclass
class Seat:
    """An operator and its own way to the API server."""

    operator: Operator
    door: FaultProxy

    @property
    def leads(self) -> bool:
        return self.operator.metric("panda_operator_leader") == 1

    @property
    def writes(self) -> list[Asked]:
        return [each for each in self.door.passed if each.is_write]


@pytest_asyncio.fixture(loop_scope="session")
async def seats(installed: Installed) -> AsyncIterator[list[Seat]]:
    """Three operators, of which one has made a desk."""
    found = []
    for number in range(3):
        door = FaultProxy(installed.kube)
        await door.open()
        installed.server = door.url
        found.append(Seat(installed.start(f"seat-{number}"), door))
    pods = asyncio.create_task(installed.keep_pods_running())
    await eventually(lambda: any(each.leads for each in found), "one leads")
    await installed.set_up_desk()
    yield found
    pods.cancel()
    await asyncio.gather(pods, return_exceptions=True)
    for each in found:
        if each.operator.process.poll() is None:
            os.kill(each.operator.process.pid, signal.SIGCONT)
            each.operator.kill()
        await each.door.close()


async def test_the_next_takes_over_from_one_that_is_killed_and_from_one_that_is_stopped_and_comes_back(
    installed: Installed, seats: list[Seat]
) -> None:
    (first,) = [each for each in seats if each.leads]
    others = [each for each in seats if each is not first]
    for each in others:
        assert each.operator.ask("/readyz").status_code == 200, "a standby is ready: a roll-out waits for that"
        assert each.writes == []
    first.operator.kill()
    second: Seat = await eventually(lambda: next((each for each in others if each.leads), None), "another leads")
    (third,) = [each for each in others if each is not second]
    installed.apply("Strategy", "momentum", PAUSED)
    await asyncio.to_thread(installed.await_condition, "Strategy", "momentum")
    assert third.writes == []

    pid, second.operator.is_wanted = second.operator.process.pid, False
    os.kill(pid, signal.SIGSTOP)
    await eventually(lambda: third.leads, "the last leads")
    installed.apply("Strategy", "momentum", MOMENTUM)
    await asyncio.to_thread(installed.await_condition, "Strategy", "momentum")
    before = len(second.writes)
    os.kill(pid, signal.SIGCONT)
    assert await asyncio.to_thread(second.operator.process.wait, 120) == EXIT_FENCED
    assert len(second.writes) == before, "who comes back too late writes nothing"
    assert installed.denied() == []


async def test_one_that_is_asked_to_end_gives_its_lease_back(installed: Installed) -> None:
    leader = installed.start()
    installed.apply("Broker", "paper", PAPER)
    await at_rest(installed)
    assert await asyncio.to_thread(leader.stop) == 0
    assert installed.get("Lease", "panda-operator")["spec"].get("holderIdentity", "") == ""
    installed.start("after")
    await at_rest(installed)
