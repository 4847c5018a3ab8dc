"""An operator on a real API server with real stores, for figures: there are no nodes; a thread stands in for them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.installed import MOMENTUM, PAPER, Installed
from tests.support.kube_api import ROOT, KubeApi
from tests.support.operators import Operator

from alpha_panda.local.layout import Layout
from alpha_panda.local.stores import Stores
from benchmarks.worker import WorkerError

LEASE_SECONDS: Final = 15.0
PATIENCE_SECONDS: Final = 900.0
_SPACE: Final = "benchmark"
_PODS_SECONDS: Final = 0.05
_POLL_SECONDS: Final = 0.01


class OperatorStage:
    """An installation with one Broker, its operator, and Strategies `s0`, `s1` and so on."""

    def __init__(self, installed: Installed) -> None:
        """Nothing is applied yet."""
        self.installed = installed
        self.made = 0

    @property
    def operator(self) -> Operator:
        """The one that was started last."""
        return self.installed.operators[-1]

    def grow(self, size: int) -> float:
        """Have so many Strategies in all; seconds until the last is Ready."""
        began = time.monotonic()
        for number in range(self.made, size):
            self.apply(number)
        self.made = size
        self.settle()
        return time.monotonic() - began

    def apply(self, number: int, state: str = "Running") -> None:
        """One write of a Strategy."""
        self.installed.apply("Strategy", f"s{number}", {**MOMENTUM, "state": state})

    def edit(self, number: int) -> float:
        """Seconds from a change of a Strategy's state until it is Ready as it is now."""
        before = self.installed.get("Strategy", f"s{number}")
        began = time.monotonic()
        self.apply(number, "Paused" if before["spec"].get("state") == "Running" else "Running")
        while True:
            found = self.installed.condition("Strategy", f"s{number}")
            if found["observedGeneration"] > before["metadata"]["generation"] and found["status"] == "True":
                return time.monotonic() - began
            in_time(began, f"Strategy s{number} is Ready again")
            time.sleep(_POLL_SECONDS)

    def together(self, number: int) -> list[float]:
        """Seconds until each of so many more Strategies is Ready that are applied at once."""
        names = {f"s{each}" for each in range(self.made, self.made + number)}
        began = time.monotonic()
        for each in range(self.made, self.made + number):
            self.apply(each)
        self.made += number
        found: dict[str, float] = {}
        while names - set(found):
            ready = self.ready()
            found |= {name: time.monotonic() - began for name in ready & names if name not in found}
            in_time(began, "all are Ready")
            time.sleep(_POLL_SECONDS)
        self.settle()
        return list(found.values())

    def settle(self) -> None:
        """Wait until every Strategy is Ready and the operator has nothing to do."""
        began = time.monotonic()
        while self.operator.metric("panda_operator_queue_depth") != 0 or len(self.ready()) < self.made:
            in_time(began, f"all of {self.made} Strategies are Ready and the operator rests")
            time.sleep(_POLL_SECONDS * 10)

    def ready(self) -> set[str]:
        """The Strategies that are Ready as they are now."""
        return {each["metadata"]["name"] for each in self.installed.list("Strategy") if _is_ready(each)}

    def looks(self) -> dict[tuple[str, float], float]:
        """How many looks of each kind took at most so many seconds."""
        found = {}
        for line in self.operator.ask("/metrics").text.splitlines():
            if line.startswith("panda_operator_reconcile_seconds_bucket"):
                labels, _, count = line.partition("{")[2].partition("} ")
                parts = dict(each.split("=") for each in labels.split(","))
                found[parts["kind"].strip('"'), float(parts["le"].strip('"'))] = float(count)
        return found


def _is_ready(found: dict[str, Any]) -> bool:
    status = found.get("status", {})
    if status.get("observedGeneration") != found["metadata"]["generation"]:
        return False
    return any(each["type"] == "Ready" and each["status"] == "True" for each in status["conditions"])


def in_time(began: float, what: str) -> None:
    """Give up what takes too long."""
    if time.monotonic() - began > PATIENCE_SECONDS:
        raise WorkerError(f"not within {PATIENCE_SECONDS:g} s: {what}")


@asynccontextmanager
async def operator_stage(folder: Path) -> AsyncIterator[OperatorStage]:
    """With the operator at work and the Broker Ready; all of it is gone at the end of the block."""
    server = KubeApi(folder / "kube")
    stores = await Stores.find(Layout(folder / "stores" / "data"))
    try:
        await asyncio.gather(server.start(), stores.start())
        await asyncio.to_thread(server.kubectl, "apply", "--server-side", "-f", str(ROOT / "crds"))
        server.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        space = server.make_namespace(_SPACE)
        timing = {"timing": {"lease": LEASE_SECONDS}}
        installed = Installed(server, space, stores, folder / "operator", changes=timing)
        await installed.make_database()
        try:
            with _pods(installed):
                installed.start()
                await asyncio.to_thread(_apply_broker, installed)
                yield OperatorStage(installed)
        finally:
            installed.end()
    finally:
        await stores.stop()
        await server.stop()


def _apply_broker(installed: Installed) -> None:
    """Policies refuse every resource for some time after they were applied."""
    began = time.monotonic()
    while installed.try_apply("Broker", "paper", PAPER):
        in_time(began, "a Broker passes the policies")
        time.sleep(_POLL_SECONDS * 10)
    installed.await_condition("Broker", "paper")


@contextmanager
def _pods(installed: Installed) -> Iterator[None]:
    """A cluster whose pods serve as soon as they are asked for."""
    over = threading.Event()

    def serve() -> None:
        while not over.wait(_PODS_SECONDS):
            installed.run_pods()

    thread = threading.Thread(target=serve, name="pods")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
