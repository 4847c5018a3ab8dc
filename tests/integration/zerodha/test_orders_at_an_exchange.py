"""The real service, as a process, against a simulated exchange: sent once, and booked as it traded."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.support.zerodha_rig import NAME, PRICE, Rig
from tests.support.zerodha_story import account, comes_to, trading, until

from alpha_panda.local.stores import Stores

pytestmark = [pytest.mark.exchange, pytest.mark.timeout(400)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rig(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with account(stores, tmp_path_factory.mktemp("rig"), "orders") as made:
        yield made


async def test_an_entry_fills_and_its_stop_rests_at_the_exchange(rig: Rig) -> None:
    entry = rig.enter(stop_loss_paise=PRICE - 200, target_paise=PRICE + 400)
    filled = await comes_to(rig, entry, "FILLED")
    stop = await comes_to(rig, entry, "ACKED", leg="stop")
    target = await comes_to(rig, entry, "ACKED", leg="target")
    rig.simulator.price(NAME, PRICE + 400, 1_000)
    await comes_to(rig, entry, "FILLED", leg="target")
    await comes_to(rig, entry, "CANCELLED", leg="stop")
    assert len({filled["tag"], stop["tag"], target["tag"]}) == len(("entry", "stop", "target"))
    rig.simulator.price(NAME, PRICE, 1_000)


async def test_a_position_held_for_a_week_gets_its_next_stop_after_a_restart(rig: Rig) -> None:
    entry = rig.enter(stop_loss_paise=PRICE - 200)
    stop = await comes_to(rig, entry, "ACKED", leg="stop")
    rig.stop()
    await rig.let_pass(days=8)
    (name,) = stop["parts"]
    rig.simulator.client().cancel_order("regular", name)  # as the exchange does with a day order in the evening
    rig.log_in()
    await trading(rig)
    rig.enter()  # from which it learns what time it is at the market

    async def stops_again() -> bool:
        last = await comes_to(rig, entry, "ACKED", leg="stop")
        return bool(last["order"]["generation"])

    await until(stops_again, "another stop rests at the exchange")
    rig.leave(entry)
    await comes_to(rig, entry, "CANCELLED", leg="stop")
