"""Pods that move real money are replaced in their window, and a roll-out that goes wrong is told and can be mended."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from tests.operator.conftest import eventually
from tests.support.installed import LEASE_SECONDS, MOMENTUM, Installed

from alpha_panda.runtime.redis import make_redis
from alpha_panda.runtime.settings import RedisSettings

pytestmark = pytest.mark.operator

RUNNER = "panda-strategy-runner-own"


@dataclass
class Account:
    """A live Broker, what the read model says of it, and a Live strategy on it with an image of its own."""

    at: Installed
    name: str = field(default_factory=lambda: f"kite-{secrets.token_hex(3)}")

    async def holds(self, positions: int) -> None:
        """The read model tells of so many open positions."""
        password = self.at.stores.redis.password
        host, _, port = self.at.stores.redis.address.rpartition(":")
        redis = make_redis(RedisSettings(host=host, port=int(port), username="admin", password=password))
        try:
            summary = json.dumps({"data": {"open_positions": positions}})
            await redis.set(f"{self.name}:portfolio:summary", summary)
        finally:
            await redis.aclose()

    def ask_for(self, image: str, window: str = "WhenFlat") -> None:
        """The strategy with this image, rolled out in this window."""
        live = {"mode": "Live", "acknowledgeLive": "own", "risk": {"maxDailyLoss": "500"}}
        spec = {**MOMENTUM, **live, "brokers": [self.name], "image": image, "rollout": {"window": window}}
        self.at.apply("Strategy", "own", spec)

    @property
    def image(self) -> str:
        """What its pods are of."""
        found = self.at.get("Deployment", RUNNER)
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"]) if found else ""

    @property
    def rollout(self) -> dict[str, Any]:
        """What is written down of its roll-out."""
        return dict(self.at.get("Strategy", "own").get("status", {}).get("rollout") or {})


@pytest_asyncio.fixture(loop_scope="session")
async def account(installed: Installed) -> AsyncIterator[Account]:
    """With a strategy that serves and was never rolled out."""
    installed.changes = {"timing": {"lease": LEASE_SECONDS, "serve": 3.0}}
    installed.create("Secret", "kite", data={"api-key": "eA==", "api-secret": "eA=="})
    installed.start()
    found = Account(installed)
    await found.holds(1)
    kite = {"type": "Zerodha", "live": True, "credentialsSecretRef": {"name": "kite"}}
    installed.apply("Broker", found.name, kite)
    found.ask_for("registry.example/own:1")
    await eventually(lambda: found.image, "its runner is made")
    await eventually(lambda: installed.run_pods() == 0 and _serves(installed), "it serves")
    yield found
    installed.end()


def _serves(installed: Installed) -> bool:
    return installed.condition("Strategy", "own", "WorkloadAvailable").get("status") == "True"


async def test_a_change_waits_for_its_window_is_made_in_it_and_is_mended_when_it_goes_wrong(account: Account) -> None:
    at, first = account.at, "registry.example/own:1"
    account.ask_for("registry.example/own:2")
    waits = await asyncio.to_thread(at.await_condition, "Strategy", "own", "Reconciling", "True", "WaitingUntilFlat")
    assert "replaced once no position is open" in waits["message"]
    assert account.image == first
    assert account.rollout["phase"] == "Waiting"

    await account.holds(0)
    await eventually(lambda: account.image.endswith(":2"), "no position is open, so it is replaced")
    await account.holds(1)
    assert account.rollout["phase"] == "Starting"
    assert account.rollout["services"] == ["strategy-runner-own"]

    # Nothing starts here what is created, so the new pods never serve.
    stuck = await asyncio.to_thread(at.await_condition, "Strategy", "own", "Stalled", "True", "RolloutStuck")
    assert "Change the image or settings back" in stuck["message"]
    assert at.condition("Strategy", "own")["status"] == "False"
    notes = [each["note"] for each in at.list("Event") if each["reason"] == "RolloutStuck"]
    assert notes == [stuck["message"]]

    account.ask_for(first)
    await eventually(lambda: account.image == first, "it is taken back at once, though a position is open")
    await eventually(lambda: at.run_pods() == 0 and not account.rollout, "it serves, and all is as it was")
    assert not at.condition("Strategy", "own", "Stalled")
    assert _serves(at)

    account.ask_for("registry.example/own:3", "Any")
    await eventually(lambda: account.image.endswith(":3"), "at any time means now")
    assert at.denied() == []
