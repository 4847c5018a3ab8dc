"""A store that is away or refuses, or a topic that cannot be what is asked: all say so, and what runs is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from tests.chaos.tcp_proxy import TcpProxy
from tests.operator.conftest import working
from tests.support.installed import LEASE_SECONDS, Installed

from alpha_panda.local.ports import HOST

pytestmark = pytest.mark.operator

Doors = dict[str, TcpProxy]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def doors(made: Installed) -> AsyncIterator[Doors]:
    """A proxy before each store."""
    stores = made.stores
    addresses = {"Kafka": stores.kafka.bootstrap, "Redis": stores.redis.address, "Postgres": stores.postgres.address}
    found = {name: TcpProxy(partial(_port, each)) for name, each in addresses.items()}
    for each in found.values():
        await each.open()
    yield found
    for each in found.values():
        await each.close()


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def at_work(made: Installed, doors: Doors) -> AsyncIterator[Installed]:
    """Behind the proxies; the stores are looked at every two seconds."""
    database = {"database": f"{made.prefix}db", "owner": "alpha_panda"}
    made.changes = {
        "platform": {"prefix": made.prefix, "partitions": 2},
        "kafka": {"bootstrap": f"{HOST}:{doors['Kafka'].port}"},
        "redis": {"host": HOST, "port": doors["Redis"].port},
        "postgres": {"host": HOST, "port": doors["Postgres"].port, **database},
        "timing": {"lease": LEASE_SECONDS, "resync": 2.0},
    }
    async with working(made):
        yield made


def deployments(desk: Installed) -> dict[str, str]:
    return {
        each["metadata"]["name"]: f"{each['metadata']['uid']} {each['metadata']['generation']}"
        for each in desk.list("Deployment")
    }


@pytest.mark.parametrize("store", ["Kafka", "Redis", "Postgres"])
async def test_a_store_that_is_away(desk: Installed, doors: Doors, store: str) -> None:
    before = deployments(desk)
    doors[store].refusing = True
    doors[store].cut()
    try:
        said = await unready(desk, f"{store}Unavailable")
        assert "what runs is left alone" in said["message"]
        assert deployments(desk) == before
    finally:
        doors[store].refusing = False
    await asyncio.to_thread(desk.await_condition, "Strategy", "momentum")


@pytest.mark.timeout(1800)  # five operators, on a machine that does much else
async def test_stores_that_refuse_the_operator_and_topics_that_would_shrink(desk: Installed) -> None:
    before = deployments(desk)
    for store in ("kafka", "redis", "postgres"):
        password = desk.folder / "secrets" / f"{store}__password"
        right = password.read_text()
        password.write_text("wrong")
        await restarted(desk)
        said = await unready(desk, f"{store.capitalize()}Denied")
        assert "what runs is left alone" in said["message"]
        password.write_text(right)
    desk.changes = {**desk.changes, "platform": {"prefix": desk.prefix, "partitions": 1}}
    await restarted(desk)
    said = await unready(desk, "TopicWouldShrink")
    assert "partitions" in said["message"]
    assert deployments(desk) == before
    desk.changes = {**desk.changes, "platform": {"prefix": desk.prefix, "partitions": 2}}
    await restarted(desk)
    await asyncio.to_thread(desk.await_condition, "Strategy", "momentum")
    assert deployments(desk) == before


async def unready(desk: Installed, reason: str) -> dict[str, Any]:
    """What the Strategy says of the store; the Broker says the same."""
    said = await asyncio.to_thread(desk.await_condition, "Strategy", "momentum", "Ready", "False", reason)
    await asyncio.to_thread(desk.await_condition, "Broker", "paper", "DependenciesReady", "False", reason)
    return said


async def restarted(desk: Installed) -> None:
    """With other secrets and settings, as after an upgrade of the chart."""
    last = desk.operators[-1]
    last.is_wanted = False
    if last.process.poll() is None:
        await asyncio.to_thread(last.stop)
    desk.start(last.identity)
