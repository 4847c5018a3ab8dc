"""What becomes of objects and data when a Broker, a namespace or a store goes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from confluent_kafka.admin import AdminClient
from tests.chaos.tcp_proxy import TcpProxy
from tests.operator.conftest import eventually
from tests.support.installed import DESK, LEASE_SECONDS, MOMENTUM, PAPER, Installed
from tests.support.kube_api import KubeApi

pytestmark = pytest.mark.operator

WITH_ITS_DATA = {**PAPER, "deletionPolicy": "Delete"}


async def data_of(at: Installed, broker: str) -> set[str]:
    """The topics and the schema of a Broker."""
    topics = await asyncio.to_thread(
        lambda: AdminClient(at.stores.kafka.admin_settings()).list_topics(timeout=30).topics
    )
    connection = await asyncpg.connect(at.stores.postgres.dsn(database=f"{at.prefix}db"))
    try:
        schemas = await connection.fetch("SELECT nspname FROM pg_namespace WHERE nspname = $1", broker)
    finally:
        await connection.close()
    found = {name for name in topics if name.startswith(f"{at.prefix}{broker}.")}
    return found | {row["nspname"] for row in schemas}


async def test_data_goes_with_a_broker_that_says_so_once_its_pods_have_ended_and_stays_otherwise(
    desk: Installed,
) -> None:
    name = f"gone-{secrets.token_hex(3)}"
    desk.apply("Broker", name, WITH_ITS_DATA)
    await asyncio.to_thread(desk.await_condition, "Broker", name)
    metadata = desk.get("Broker", name)["metadata"]
    assert metadata["finalizers"] == ["alphapanda.io/delete-data"]
    assert len(await data_of(desk, name)) > 5
    labels = {"alphapanda.io/owner-uid": metadata["uid"]}
    desk.create("Pod", "last", labels=labels, spec={"containers": [{"name": "x", "image": "registry.example/x:1"}]})

    desk.delete("Broker", name)
    await eventually(lambda: not [each for each in desk.names("Deployment") if name in each], "its services end")
    assert desk.get("Broker", name), "it is there as long as a pod may write"
    assert len(await data_of(desk, name)) > 5
    assert desk.kube.http.delete(f"/api/v1/namespaces/{desk.namespace}/pods/last?gracePeriodSeconds=0").is_success
    await eventually(lambda: not desk.get("Broker", name), "it goes")
    assert await data_of(desk, name) == set()
    assert len(await data_of(desk, "paper")) > 5, "another Broker's data stays"


@pytest_asyncio.fixture(loop_scope="session")
async def before_redis(installed: Installed) -> AsyncIterator[TcpProxy]:
    """An installation whose Redis can go away."""
    proxy = TcpProxy(lambda: int(installed.stores.redis.address.rpartition(":")[2]))
    await proxy.open()
    timing = {"lease": LEASE_SECONDS, "give_up_deletion": 2.0}
    installed.changes = {"timing": timing, "redis": {"host": "127.0.0.1", "port": proxy.port}}
    yield proxy
    await proxy.close()


async def test_a_broker_whose_data_cannot_be_deleted_is_let_go_in_the_end_and_said_so(
    installed: Installed, before_redis: TcpProxy
) -> None:
    installed.start()
    installed.apply("Broker", "paper", WITH_ITS_DATA)
    await asyncio.to_thread(installed.await_condition, "Broker", "paper", "TopicsReady")
    await eventually(lambda: installed.get("Broker", "paper")["metadata"].get("finalizers"), "it waits for us")
    before_redis.refusing = True
    before_redis.cut()
    installed.delete("Broker", "paper")
    await eventually(lambda: not installed.get("Broker", "paper"), "it is let go")
    (event,) = [each for each in installed.list("Event") if each["reason"] == "DataOrphaned"]
    assert event["type"] == "Warning"
    assert "could not be deleted" in event["note"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def collecting(kube_api: KubeApi) -> AsyncIterator[None]:
    """The controllers that end namespaces and collect what is owned."""
    await kube_api.start_controllers("namespace-controller", "garbage-collector-controller")
    yield
    await kube_api.stop_controllers()


async def test_a_broker_that_keeps_its_data_goes_at_once_and_comes_back_to_it(
    desk: Installed, collecting: None
) -> None:
    del collecting
    before = await data_of(desk, "paper")
    desk.delete("Broker", "paper")
    await eventually(lambda: not desk.get("Broker", "paper"), "it goes")
    said = await asyncio.to_thread(desk.await_condition, "Strategy", "momentum", "Ready", "False", "NoBroker")
    assert "Broker paper, which does not exist" in said["message"]
    await eventually(
        lambda: not [name for name in desk.names("Deployment") if "panda-paper-" in name], "its services go"
    )
    assert await data_of(desk, "paper") == before
    desk.apply("Broker", "paper", PAPER)
    await asyncio.to_thread(desk.await_condition, "Strategy", "momentum")


@pytest.mark.parametrize("first", ["operator", "namespace"])
async def test_a_namespace_ends_whether_the_operator_goes_before_it_or_after(
    installed: Installed, collecting: None, first: str
) -> None:
    del collecting
    operator = installed.start()
    installed.apply("Broker", "paper", PAPER)
    installed.apply("Strategy", "momentum", MOMENTUM)
    await eventually(lambda: installed.names("Deployment") == DESK, "it has made all")
    if first == "operator":
        assert await asyncio.to_thread(operator.stop) == 0
    assert installed.kube.http.delete(f"/api/v1/namespaces/{installed.namespace}").is_success

    def ended() -> bool:
        return installed.kube.http.get(f"/api/v1/namespaces/{installed.namespace}").status_code == 404

    await eventually(ended, "the namespace is gone")


async def test_what_a_broker_owns_goes_with_it_and_nothing_else_does(installed: Installed, collecting: None) -> None:
    del collecting
    installed.start()
    installed.apply("Broker", "paper", PAPER)
    installed.apply("Broker", "other", PAPER)

    def of(broker: str, kind: str = "Deployment") -> set[str]:
        return {name for name in installed.names(kind) if name.startswith(f"panda-{broker}-")}

    await eventually(lambda: len(of("paper")) == len(of("other")) == 3, "it has made all")
    installed.delete("Broker", "paper")
    await eventually(lambda: not of("paper") and not of("paper", "Secret"), "the Broker's own are gone")
    assert len(of("other")) == len(of("other", "Secret")) == 3
    assert "panda-history" in installed.names("Deployment")
