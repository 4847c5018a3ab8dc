"""An operator that is killed around any of its writes: the next one goes on, and each object is there once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.operator.conftest import at_rest, eventually
from tests.support.fault_proxy import Asked, FaultProxy
from tests.support.installed import DESK, MADE, MOMENTUM, PAPER, Installed

pytestmark = pytest.mark.operator

KILLS = [
    ("serviceaccounts", "lose"),
    ("secrets", "cut"),
    ("configmaps", "lose"),
    ("deployments", "cut"),
    ("deployments", "lose"),
    ("brokers", "cut"),
    ("strategies", "lose"),
]
"""What is written, and whether the operator dies before the server has it or after. It comes to each in this order."""


@pytest.mark.timeout(3600)  # a process for each kill, on a machine that does much else
async def test_an_operator_that_is_killed_around_each_kind_of_write_makes_the_same_objects_once(
    installed: Installed,
) -> None:
    proxy = FaultProxy(installed.kube)
    await proxy.open()
    installed.server = proxy.url
    installed.apply("Broker", "paper", {**PAPER, "deletionPolicy": "Delete"})
    installed.apply("Strategy", "own", {**MOMENTUM, "image": "registry.example/own:1"})
    try:
        for plural, how in KILLS:
            operator = installed.start("the-same")
            about = _first_of(plural)
            with proxy.fault(about, then=operator.kill, times=1, **{how: True}) as fault:
                await eventually(lambda fault=fault: fault.done, f"it writes {plural}")
        installed.start("the-same")
        pods = asyncio.create_task(installed.keep_pods_running())
        await asyncio.to_thread(installed.await_condition, "Strategy", "own")
        await at_rest(installed)
        pods.cancel()
        await asyncio.gather(pods, return_exceptions=True)
    finally:
        installed.end()
        await proxy.close()
    services = {*DESK, "panda-strategy-runner-own"}
    wanted = sorted(f"{kind}/{service}" for kind in MADE for service in services)
    assert sorted(name.rpartition("/")[0] for name in installed.versions()) == wanted
    made = [each["objectRef"] for each in installed.writes() if each["responseStatus"].get("code") == 201]
    created = [(each["resource"], each["name"]) for each in made if each["resource"] != "events"]
    assert len(created) == len(set(created)), "nothing was made a second time"
    assert installed.get("Broker", "paper")["metadata"]["finalizers"] == ["alphapanda.io/delete-data"]
    assert installed.denied() == []


def _first_of(plural: str) -> Callable[[Asked], bool]:
    return lambda asked: asked.is_write and asked.plural == plural
