"""Whatever is done to the service and the exchange's answers: no order arrives twice, is lost or called refused."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.support.zerodha_rig import Rig
from tests.support.zerodha_story import AT_WORK, account, comes_to, in_state, judge, story, trading, until, verify

from alpha_panda.events.envelope import decode
from alpha_panda.events.orders import OrderUnknown
from alpha_panda.kite_simulator.faults import Fault, Kind
from alpha_panda.local.stores import Stores

pytestmark = [pytest.mark.exchange, pytest.mark.timeout(3_600)]
POINTS = (
    "after_consume",
    "after_claim",
    "after_post",
    "after_reply",
    "before_produce",
    "after_produce",
    "before_commit",
)
KILLS = int(os.environ.get("KILLS", "5"))
"""At each of these points."""
ANSWERS = (Kind.HANG, Kind.HTML_502, Kind.TIMED_OUT_400, Kind.TRUNCATED, Kind.NO_TYPE, Kind.REDIRECT, Kind.RESET)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rig(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with account(stores, tmp_path_factory.mktemp("rig"), "harm") as made:
        yield made


@pytest.mark.parametrize("point", POINTS)
async def test_a_service_killed_at_any_step_sends_nothing_twice_and_goes_on(rig: Rig, point: str) -> None:
    for _ in range(KILLS):
        await trading(rig)
        signal = await killed(rig, point)
        rig.again(signal)
        await trading(rig)
        await comes_to(rig, signal, *AT_WORK, "DENIED")


async def killed(rig: Rig, point: str) -> str:
    """The service dies at a point with an entry in its hands; the entry's signal."""
    process = rig.alive()
    assert process is not None
    rig.arm(point)
    signal = rig.enter()

    async def dead() -> bool:
        nonlocal signal
        if await in_state(rig, signal, "DENIED"):
            signal = rig.enter()  # on a machine that does much else Redis may answer too late, and then none may go
        return process.poll() is not None

    await until(dead, f"the service dies at {point}")
    rig.kills += 1
    return signal


@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_accepted_order_without_an_answer_is_found_by_its_tag(rig: Rig, kind: Kind) -> None:
    await trading(rig)
    rig.simulator.faults(Fault(kind=kind, on="place", count=1, seconds=1.0))
    signal = rig.enter()
    await comes_to(rig, signal, "FILLED")
    rig.simulator.faults()


async def test_an_order_that_appears_seconds_later_is_adopted(rig: Rig) -> None:
    await trading(rig)
    rig.simulator.faults(Fault(kind=Kind.LATE_400, on="place", count=1, seconds=4.0))
    signal = rig.enter()
    found = await comes_to(rig, signal, "FILLED")
    rig.simulator.faults()

    async def told_as_unknown() -> bool:
        order, events = found["order"]["order_id"], map(decode, rig.events())
        return any(isinstance(each.data, OrderUnknown) and each.data.order.order_id == order for each in events)

    await until(told_as_unknown, "the log says that its outcome was unknown")


async def test_a_login_that_ends_stops_orders_and_a_new_one_lets_them_go_on(rig: Rig) -> None:
    await trading(rig)
    rig.simulator.call(rig.simulator.exchange.sessions.end)

    async def says_so() -> bool:
        return "login" in (await rig.standing()).get("why_not", "")

    await until(says_so, "it says that the login is over")
    before = len(rig.posts())
    signal = rig.enter()
    await comes_to(rig, signal, "DENIED")
    assert len(rig.posts()) == before
    rig.log_in()
    await trading(rig)


async def test_a_second_copy_displaces_the_first_and_nothing_is_sent_twice(rig: Rig) -> None:
    await trading(rig)
    first = rig.alive()
    assert first is not None
    rig.start()

    async def one_is_left() -> bool:
        return first.poll() is not None

    await until(one_is_left, "the first copy ends")
    rig.fencings += 1
    assert first.returncode == 75
    await trading(rig)
    signal = rig.enter()
    await comes_to(rig, signal, "FILLED")


async def test_afterwards_every_invariant_of_the_exchanges_journal_holds(rig: Rig) -> None:
    await trading(rig)
    judge(await story(rig), {"posts": 10, "unknown": 5, "kills": KILLS * len(POINTS), "fencings": 1})


async def test_afterwards_the_log_adds_up(rig: Rig) -> None:
    await verify(rig)
