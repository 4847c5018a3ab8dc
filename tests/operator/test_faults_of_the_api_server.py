"""Whatever the API server says wrongly, late, or not at all: when it is well again, all becomes what it should be.

An operator that cannot go on ends, and is started anew as a Deployment would; one that can, goes on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from tests.operator.conftest import eventually, working
from tests.support.fault_proxy import FaultProxy
from tests.support.installed import LEASE_SECONDS, MOMENTUM, Installed

pytestmark = pytest.mark.operator

WATCHED = {"brokers", "strategies", "deployments", "configmaps", "leases"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def at_work(made: Installed, faulty: FaultProxy) -> AsyncIterator[Installed]:
    """Behind the proxy, and quick to take silence for what it is."""
    assert made.server == faulty.url
    made.changes = {"timing": {"lease": LEASE_SECONDS, "silence": 20.0}}
    async with working(made):
        yield made


async def changed(desk: Installed, state: str) -> None:
    """The Strategy is asked for another state, and the operator takes note."""
    desk.apply("Strategy", "momentum", {**MOMENTUM, "state": state})
    generation = desk.get("Strategy", "momentum")["metadata"]["generation"]

    def noted() -> bool:
        return desk.get("Strategy", "momentum").get("status", {}).get("observedGeneration") == generation

    await eventually(noted, f"it is known that the Strategy is to be {state}")


async def watches_are_open(proxy: FaultProxy) -> None:
    await eventually(lambda: proxy.watched >= WATCHED, "all is watched")


async def test_kopf_asks_for_its_own_and_for_nothing_of_others(desk: Installed, faulty: FaultProxy) -> None:
    assert desk.server == faulty.url
    await watches_are_open(faulty)
    asked = {each.plural: each.query for each in faulty.passed if each.is_watch}
    assert "app.kubernetes.io/instance=panda" in asked["deployments"]["labelSelector"]
    assert "app.kubernetes.io/instance=panda" in asked["configmaps"]["labelSelector"]
    assert asked["leases"]["fieldSelector"] == "metadata.name=panda-operator"


@pytest.mark.parametrize("status", [500, 429, 403])
async def test_watches_that_are_refused_for_a_while(desk: Installed, faulty: FaultProxy, status: int) -> None:
    await watches_are_open(faulty)
    with faulty.fault(lambda asked: asked.is_watch and asked.plural == "strategies", status=status) as fault:
        faulty.cut_watches()
        await eventually(lambda: fault.done > 0, "a watch was refused")
    await changed(desk, "Paused")


GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}}
FAULT = {"type": "ERROR", "object": {"kind": "Status", "code": 500, "reason": "InternalError", "message": "no"}}


@pytest.mark.parametrize(
    "line", [json.dumps(GONE).encode(), json.dumps(FAULT).encode(), b"{no json"], ids=["gone", "fault", "garbage"]
)
async def test_a_watch_that_says_what_is_no_event(desk: Installed, faulty: FaultProxy, line: bytes) -> None:
    await watches_are_open(faulty)
    assert await faulty.tell_watches("strategies", line) > 0
    await changed(desk, "Paused")


async def test_watches_that_are_reset_in_the_middle(desk: Installed, faulty: FaultProxy) -> None:
    await watches_are_open(faulty)
    for state in ("Paused", "Running", "Paused"):
        faulty.cut_watches()
        await changed(desk, state)


async def test_a_watch_that_falls_silent_is_given_up_for_a_new_one(desk: Installed, faulty: FaultProxy) -> None:
    """The heartbeat falls silent with it, so the process ends within `timing.silence` and the next one knows."""
    await watches_are_open(faulty)
    leader = desk.operators[-1]
    faulty.still = lambda _: True
    try:
        await eventually(lambda: leader.process.poll() is not None, "the process ends")
    finally:
        faulty.still = lambda _: False
    assert leader.process.returncode != 0
    assert any("heartbeat" in str(each.get("reason")) for each in leader.lines)
    await changed(desk, "Paused")


async def test_news_that_come_late_make_nothing_twice(desk: Installed, faulty: FaultProxy) -> None:
    await watches_are_open(faulty)
    faulty.still = lambda asked: asked.plural == "deployments"
    try:
        await changed(desk, "Stopped")
        await changed(desk, "Running")
        await asyncio.to_thread(desk.run_pods)
    finally:
        faulty.still = lambda _: False
    await asyncio.to_thread(desk.await_condition, "Strategy", "momentum")
    runner = desk.get("Deployment", "panda-strategy-runner")
    assert runner["metadata"]["generation"] == 1, "it was made once and never changed since"


@pytest.mark.parametrize("status", [503, 422])
async def test_writes_that_are_refused_for_a_while_are_done_later_without_any_news(
    desk: Installed, faulty: FaultProxy, status: int
) -> None:
    own = {**MOMENTUM, "image": f"registry.example/own:{status}"}
    with faulty.fault(lambda asked: asked.is_write and asked.plural == "deployments", status=status, times=2) as fault:
        desk.apply("Strategy", "own", own)
        await eventually(lambda: fault.done == 2, "it was refused twice")
    await asyncio.to_thread(desk.await_condition, "Strategy", "own")


# A write that was lost is done and not sent again: of one change only the Deployment and the status are sure to come.
@pytest.mark.parametrize(("loss", "times"), [("cut", 4), ("lose", 2)])
async def test_connections_that_are_reset_around_a_write_leave_each_object_once(
    desk: Installed, faulty: FaultProxy, loss: str, times: int
) -> None:
    own = {**MOMENTUM, "image": f"registry.example/own:{loss}"}
    with faulty.fault(lambda asked: asked.is_write, times=times, **{loss: True}) as fault:
        desk.apply("Strategy", "own", own)
        await eventually(lambda: fault.done == times, "they were reset")
    await asyncio.to_thread(desk.await_condition, "Strategy", "own")
    assert len([name for name in desk.versions() if "strategy-runner-own" in name]) == 5


async def test_an_operator_whose_definitions_are_older_than_itself_writes_nothing_and_says_so(
    desk: Installed, faulty: FaultProxy
) -> None:
    def older(published: dict[str, Any]) -> None:
        for each in published["components"]["schemas"].values():
            each.get("properties", {}).get("status", {}).get("properties", {}).pop("rollout", None)

    leader = desk.operators[-1]
    assert await asyncio.to_thread(leader.stop) == 0
    before = len(list(desk.writes()))
    with faulty.fault(lambda asked: asked.path.startswith("/openapi/v3/apis/alphapanda.io"), change=older):
        late = desk.start("late")
        late.is_wanted = False
        await eventually(lambda: late.process.poll() is not None, "it ends")
    said = next(each for each in late.lines if each.get("level") == "critical")
    assert "older than this operator" in said["reason"]
    assert "Broker.status.rollout, Strategy.status.rollout" in said["reason"]
    assert "crds" in said["remedy"]
    assert len(list(desk.writes())) == before
    desk.start("back")
