"""The operator ends, hangs, comes back and has company, and what it made stays what it should be."""

from __future__ import annotations

import asyncio
import time

import pytest
from tests.chaos.tcp_proxy import TcpProxy
from tests.support.installed import LEASE_SECONDS, MOMENTUM, PAPER, Installed
from tests.support.operators import Operator
from tests.support.waiting import until


async def eventually(holds: object, what: str, seconds: float = 180.0) -> None:
    await asyncio.to_thread(until, holds, what, seconds)


async def at_rest(operator: Operator) -> None:
    await eventually(lambda: operator.metric("panda_operator_stores_ready") == 1, "it has looked")
    await eventually(lambda: operator.metric("panda_operator_queue_depth") == 0, "it is done")


async def test_the_next_operator_sends_nothing_where_all_is_as_it_should_be(desk: Installed):
    first = desk.operators[-1]
    await at_rest(first)
    before = desk.versions()
    assert await asyncio.to_thread(first.stop) == 0
    sent = len(list(desk.writes()))
    await at_rest(desk.start("next"))
    assert desk.versions() == before
    assert [each["requestURI"] for each in list(desk.writes())[sent:]] == []
    assert desk.denied() == []


async def test_a_standby_is_ready_does_nothing_and_takes_over_from_one_that_is_killed(desk: Installed):
    leader = desk.operators[-1]
    standby = desk.start("standby")
    await eventually(lambda: standby.metric("panda_operator_leader") == 0, "it answers")
    await eventually(lambda: standby.ask("/readyz").status_code == 200, "it is ready")
    leader.kill()
    began = time.monotonic()
    await eventually(lambda: standby.metric("panda_operator_leader") == 1, "it leads")
    assert time.monotonic() - began <= LEASE_SECONDS + 5.0
    desk.apply("Strategy", "momentum", {**MOMENTUM, "state": "Paused"})
    await asyncio.to_thread(desk.await_condition, "Strategy", "momentum")


async def test_one_that_is_asked_to_end_gives_its_lease_back(desk: Installed):
    leader = desk.operators[-1]
    assert await asyncio.to_thread(leader.stop) == 0
    holder = desk.get("Lease", "panda-operator")["spec"].get("holderIdentity", "")
    assert holder == ""
    await at_rest(desk.start("after"))


async def test_an_operator_that_is_killed_again_and_again_makes_the_same_objects_once(installed: Installed):
    installed.apply("Broker", "paper", PAPER)
    installed.apply("Strategy", "momentum", MOMENTUM)
    for round_ in range(6):
        operator = installed.start(f"round-{round_}")
        already = len(list(installed.writes()))
        await eventually(
            lambda known=already, steps=round_ * 4 + 1: (
                len(list(installed.writes())) >= known + steps or len(installed.names("Deployment")) == 7
            ),
            "it has written something",
        )
        operator.kill()
    await at_rest(installed.start("last"))
    assert len(installed.names("Deployment")) == 7
    assert len(installed.names("NetworkPolicy")) == 7
    uids = {name.rpartition("/")[0] for name in installed.versions()}
    assert len(uids) == len(installed.versions())


async def test_stores_that_refuse_the_operator_make_all_unready_with_the_reason_and_stop_nothing(desk: Installed):
    operator = desk.operators[-1]
    await at_rest(operator)
    before = {name for name in desk.versions() if name.startswith("Deployment")}
    assert await asyncio.to_thread(operator.stop) == 0
    password = desk.folder / "secrets" / "redis__password"
    right = password.read_text()
    password.write_text("wrong")
    try:
        desk.start("locked-out")
        denied = await asyncio.to_thread(desk.await_condition, "Strategy", "momentum", "Ready", "False")
        assert denied["reason"] == "RedisDenied"
        assert "what runs is left alone" in denied["message"]
        assert {name for name in desk.versions() if name.startswith("Deployment")} == before
    finally:
        desk.operators[-1].kill()
        password.write_text(right)
    desk.start("let-in")
    await asyncio.to_thread(desk.await_condition, "Strategy", "momentum")


@pytest.fixture
async def before_the_server(installed: Installed):
    """A proxy between the operators and the API server."""
    proxy = TcpProxy(lambda: int(installed.kube.url.rpartition(":")[2]))
    await proxy.open()
    installed.server = f"https://127.0.0.1:{proxy.port}"
    yield proxy
    await proxy.close()


async def test_a_watch_that_falls_silent_hides_no_change_for_long(installed: Installed, before_the_server: TcpProxy):
    installed.changes = {"timing": {"lease": 30.0, "silence": 20.0}}
    operator = installed.start()
    installed.apply("Broker", "paper", PAPER)
    await at_rest(operator)
    before_the_server.silent = True
    installed.apply("Strategy", "momentum", MOMENTUM)
    await asyncio.sleep(1)
    before_the_server.silent = False

    def told_or_ended() -> bool:
        observed = installed.get("Strategy", "momentum").get("status", {}).get("observedGeneration")
        return observed == 1 or operator.process.poll() is not None

    await eventually(told_or_ended, "it is looked at, or the process ends to be started anew", 120)


async def test_an_api_server_that_was_away_is_gone_on_with(installed: Installed, before_the_server: TcpProxy):
    operator = installed.start()
    installed.apply("Broker", "paper", PAPER)
    await at_rest(operator)
    before_the_server.refusing = True
    before_the_server.cut()
    installed.apply("Strategy", "momentum", MOMENTUM)
    await eventually(lambda: operator.process.poll() is not None, "without its lease it ends", 60)
    assert operator.process.returncode != 0
    before_the_server.refusing = False
    await at_rest(installed.start("again"))
    await eventually(
        lambda: installed.get("Strategy", "momentum").get("status", {}).get("observedGeneration") == 1, "looked at"
    )
    assert len(installed.names("Deployment")) == 7, "nothing was deleted meanwhile"
