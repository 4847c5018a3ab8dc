"""The real service, as a process, against a simulated exchange: sent once, and booked as it traded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from tests.support.zerodha_plan import provisioned
from tests.support.zerodha_rig import NAME, PRICE, Rig, rigged

from alpha_panda.local.stores import Stores

pytestmark = [pytest.mark.exchange, pytest.mark.timeout(400)]
BROKER = "orders"
PATIENCE = 150.0


async def until(holds: Callable[[], Awaitable[Any]], what: str, seconds: float = PATIENCE) -> Any:  # noqa: ANN401
    deadline = time.monotonic() + seconds
    while not (found := await holds()):
        assert time.monotonic() < deadline, f"not so within {seconds:g} s: {what}"
        await asyncio.sleep(0.2)
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rig(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    plan, run = await provisioned(stores, BROKER)
    with rigged(stores, tmp_path_factory.mktemp("rig"), plan, run, BROKER) as made:
        made.configure()
        for number in range(1, 60):
            made.turn_key(f"hand-{number}")
        made.start()
        await until(lambda: trading(made), "entries may go")
        yield made


async def trading(rig: Rig) -> bool:
    return bool((await rig.standing()).get("trading"))


async def record(rig: Rig, signal: str, leg: str = "entry") -> dict[str, Any] | None:
    rows = [row for row in await rig.rows() if row["order"]["signal_id"] == signal and row["order"]["leg"] == leg]
    return rows[-1] if rows else None


async def in_state(rig: Rig, signal: str, state: str, leg: str = "entry") -> dict[str, Any] | None:
    found = await record(rig, signal, leg)
    return found if found is not None and found["state"] == state else None


async def test_an_entry_fills_and_its_stop_rests_at_the_exchange(rig: Rig) -> None:
    entry = rig.enter(stop_loss_paise=PRICE - 200, target_paise=PRICE + 400)
    filled = await until(lambda: in_state(rig, entry, "FILLED"), "the entry filled")
    stop = await until(lambda: in_state(rig, entry, "ACKED", "stop"), "the stop rests")
    target = await until(lambda: in_state(rig, entry, "ACKED", "target"), "the target rests")
    rig.simulator.price(NAME, PRICE + 400, 1_000)
    await until(lambda: in_state(rig, entry, "FILLED", "target"), "the target filled")
    await until(lambda: in_state(rig, entry, "CANCELLED", "stop"), "its twin was cancelled")
    assert filled["tag"] != stop["tag"] != target["tag"]
    rig.simulator.price(NAME, PRICE, 1_000)
