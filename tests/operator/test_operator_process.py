"""The operator ends, comes back, and finds the API server away, and what it made stays what it should be."""

from __future__ import annotations

import asyncio

import pytest
from tests.chaos.tcp_proxy import TcpProxy
from tests.operator.conftest import at_rest, eventually
from tests.support.installed import DESK, MOMENTUM, PAPER, Installed

pytestmark = pytest.mark.operator


async def test_the_next_operator_sends_nothing_where_all_is_as_it_should_be(desk: Installed):
    await at_rest(desk)
    first = desk.operators[-1]
    before = desk.versions()
    assert await asyncio.to_thread(first.stop) == 0
    sent = len(list(desk.writes()))
    desk.start("next")
    await at_rest(desk)
    assert desk.versions() == before
    assert [each["requestURI"] for each in list(desk.writes())[sent:]] == []
    assert desk.denied() == []


@pytest.fixture
async def before_the_server(installed: Installed):
    """A proxy between the operators and the API server."""
    proxy = TcpProxy(lambda: int(installed.kube.url.rpartition(":")[2]))
    await proxy.open()
    installed.server = f"https://127.0.0.1:{proxy.port}"
    yield proxy
    await proxy.close()


async def test_an_api_server_that_was_away_is_gone_on_with(installed: Installed, before_the_server: TcpProxy):
    operator = installed.start()
    installed.apply("Broker", "paper", PAPER)
    await at_rest(installed)
    before_the_server.refusing = True
    before_the_server.cut()
    installed.apply("Strategy", "momentum", MOMENTUM)
    await eventually(lambda: operator.process.poll() is not None, "without its lease it ends")
    assert operator.process.returncode != 0
    before_the_server.refusing = False
    installed.start("again")
    await at_rest(installed)
    await eventually(
        lambda: installed.get("Strategy", "momentum").get("status", {}).get("observedGeneration") == 1, "looked at"
    )
    assert installed.names("Deployment") == DESK, "nothing was deleted meanwhile"
