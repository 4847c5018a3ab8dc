"""One API server for all tests of the operator, with the definitions and policies of `crds/` in force."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.support.fault_proxy import FaultProxy
from tests.support.installed import Installed
from tests.support.kube_api import ROOT, KubeApi
from tests.support.waiting import until

from alpha_panda.local.layout import Layout
from alpha_panda.local.stores import Stores
from alpha_panda.resources.common import API_VERSION

CRDS = ROOT / "crds"
SYNC_SECONDS = 120.0
WAIT_SECONDS = 600.0
"""An operator's start alone was seen to take 165 s where others had the processors."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever waits for operators that start anew waits long on a machine that does much else."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(1800))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kube_api(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KubeApi]:
    """Serving, with `crds/` applied; tests share it, so each takes a `namespace` of its own."""
    server = KubeApi(tmp_path_factory.mktemp("kube"))
    try:
        await server.start()
        server.kubectl("apply", "--server-side", "-f", str(CRDS))
        server.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        wait_for_policies(server)
        yield server
    finally:
        await server.stop()


@pytest.fixture
def namespace(kube_api: KubeApi) -> str:
    """A namespace that no other test has."""
    return kube_api.make_namespace(f"test-{secrets.token_hex(4)}")


def wait_for_policies(server: KubeApi) -> None:
    """Policies are in force some moments after they were applied, and refuse everything until their kinds are known."""
    space = server.make_namespace(f"policies-{secrets.token_hex(4)}")
    paper, live = f"-n={space}", "--dry-run=server"
    broker = {"type": "Zerodha", "live": True, "credentialsSecretRef": {"name": "kite"}}
    until(
        lambda: server.run_kubectl("apply", paper, "-f-", text=manifest("Broker", "live", broker)).code == 0,
        "a Broker passes",
        SYNC_SECONDS,
    )
    strategy = {"strategy": "momentum", "instruments": [{"exchange": "NSE", "symbol": "INFY"}], "brokers": ["live"]}
    text = manifest("Strategy", "paper", strategy)
    until(
        lambda: "real money" in server.run_kubectl("apply", paper, live, "-f-", text=text).err,
        "a Strategy is refused",
        SYNC_SECONDS,
    )
    free = manifest("Strategy", "free", {**strategy, "brokers": ["paper"]})
    until(
        lambda: server.run_kubectl("apply", paper, live, "-f-", text=free).code == 0, "a Strategy passes", SYNC_SECONDS
    )


def manifest(kind: str, name: str, spec: dict[str, object], **metadata: object) -> str:
    """A resource as text; JSON is YAML too."""
    return json.dumps(
        {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}, default=str
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stores(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stores]:
    """Kafka, Redis and PostgreSQL for all installations, each of which has a prefix and a database of its own."""
    layout = Layout(tmp_path_factory.mktemp("stores") / "data")
    found = await Stores.find(layout, progress=print)
    await found.start(print)
    yield found
    await found.stop()
    layout.remove()


@pytest_asyncio.fixture(loop_scope="session")
async def installed(kube_api: KubeApi, stores: Stores, namespace: str, tmp_path: Path) -> AsyncIterator[Installed]:
    """An installation; the test starts its operators."""
    made = Installed(kube_api, namespace, stores, tmp_path / "operator")
    await made.make_database()
    try:
        yield made
    finally:
        made.end()


@asynccontextmanager
async def working(made: Installed) -> AsyncIterator[Installed]:
    """The installation with an operator and pods that run."""
    await made.make_database()
    made.start()
    pods = asyncio.create_task(made.keep_pods_running())
    try:
        yield made
    finally:
        pods.cancel()
        await asyncio.gather(pods, return_exceptions=True)
        made.end()


@pytest.fixture(scope="module")
def made(kube_api: KubeApi, stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An installation for all tests of a module; nothing works yet."""
    space = kube_api.make_namespace(f"test-{secrets.token_hex(4)}")
    return Installed(kube_api, space, stores, tmp_path_factory.mktemp("installed"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def at_work(made: Installed) -> AsyncIterator[Installed]:
    """An installation for all tests of a module, with an operator and pods that run."""
    async with working(made):
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def faulty(made: Installed) -> AsyncIterator[FaultProxy]:
    """A proxy before the API server; a module that wants it must ask for it before it asks for `at_work`."""
    proxy = FaultProxy(made.kube)
    await proxy.open()
    made.server = proxy.url
    yield proxy
    await proxy.close()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(at_work: Installed) -> Installed:
    """With a Broker and a Strategy as they were at first, both Ready."""
    await at_work.set_up_desk()
    return at_work


async def eventually(holds: Callable[[], Any], what: str) -> Any:  # noqa: ANN401 - what it finds
    """Ask again and again while the loop goes on."""
    return await asyncio.to_thread(until, holds, what, WAIT_SECONDS)


async def at_rest(at: Installed) -> None:
    """Wait until the last operator leads, has looked at everything and is done; one that ended was started anew."""
    await eventually(lambda: at.operators[-1].metric("panda_operator_stores_ready") == 1, "it has looked")
    await eventually(lambda: at.operators[-1].metric("panda_operator_queue_depth") == 0, "it is done")
