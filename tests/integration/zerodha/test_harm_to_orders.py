"""Whatever is done to the service and the exchange's answers: no order arrives twice, is lost or called refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from tests.support.zerodha_plan import provisioned
from tests.support.zerodha_rig import Rig, rigged

from alpha_panda.checker.exchange_orders import check_exchange, counts, verdict
from alpha_panda.checker.exchange_run import ExchangeRun, Row
from alpha_panda.events.envelope import decode
from alpha_panda.events.orders import OrderUnknown
from alpha_panda.kite_simulator.faults import Fault, Kind
from alpha_panda.local.stores import Stores

pytestmark = [pytest.mark.exchange, pytest.mark.timeout(900)]
BROKER = "harm"
PATIENCE = 240.0
POINTS = (
    "after_consume",
    "after_claim",
    "after_post",
    "after_reply",
    "before_produce",
    "after_produce",
    "before_commit",
)
ANSWERS = (Kind.HANG, Kind.HTML_502, Kind.TIMED_OUT_400, Kind.TRUNCATED, Kind.NO_TYPE, Kind.REDIRECT, Kind.RESET)
AT_WORK = ("FILLED", "ACKED", "UNKNOWN_ABSENT")


async def until(holds: Callable[[], Awaitable[Any]], what: str) -> Any:  # noqa: ANN401 - what it finds
    deadline = time.monotonic() + PATIENCE
    while not (found := await holds()):
        assert time.monotonic() < deadline, f"not so within {PATIENCE:g} s: {what}"
        await asyncio.sleep(0.1)
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rig(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    plan, run = await provisioned(stores, BROKER)
    with rigged(stores, tmp_path_factory.mktemp("rig"), plan, run, BROKER) as made:
        made.configure()
        for number in range(1, 100):
            made.turn_key(f"hand-{number}")
        made.start()
        await trading(made)
        yield made


async def trading(rig: Rig) -> None:
    """The service runs and lets entries go; one that has died is started again."""
    begun = time.time()

    async def holds() -> bool:
        if rig.alive() is None:
            rig.start()
        standing = await rig.standing()
        return bool(standing.get("trading")) and await rig.said_since(begun)

    await until(holds, "entries may go")


async def entry_in(rig: Rig, signal: str, states: tuple[str, ...]) -> dict[str, Any] | None:
    rows = [row for row in await rig.rows() if row["order"]["signal_id"] == signal]
    return next((row for row in rows if row["state"] in states), None)


async def story(rig: Rig) -> ExchangeRun:
    """What is known of the run, once nothing is on its way."""
    rows = [
        Row(
            tag=row["tag"],
            order_id=row["order"]["order_id"],
            signal_id=row["order"]["signal_id"],
            leg=row["order"]["leg"],
            state=row["state"],
            filled=row["filled"],
            quantity=row["order"]["quantity"],
            parts=tuple(row["parts"]),
        )
        for row in await rig.rows()
        if row["order"]["signal_id"] in rig.sent
    ]
    events = [decode(envelope) for envelope in rig.events()]
    return ExchangeRun(
        journal=list(rig.simulator.exchange.journal.lines),
        orders=[event for event in events if event.data.order.signal_id in rig.sent],
        validated=list(rig.sent.values()),
        rows=rows,
        kills=rig.kills,
        fencings=rig.fencings,
    )


@pytest.mark.parametrize("point", POINTS)
async def test_a_service_killed_at_any_step_sends_nothing_twice_and_goes_on(rig: Rig, point: str) -> None:
    await trading(rig)
    process = rig.alive()
    assert process is not None
    rig.arm(point)
    signal = rig.enter()

    async def dead() -> bool:
        return process.poll() is not None

    await until(dead, f"the service dies at {point}")
    rig.kills += 1
    rig.again(signal)
    await trading(rig)
    await until(lambda: entry_in(rig, signal, (*AT_WORK, "DENIED")), "the order has an outcome")


@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_accepted_order_without_an_answer_is_found_by_its_tag(rig: Rig, kind: Kind) -> None:
    await trading(rig)
    rig.simulator.faults(Fault(kind=kind, on="place", count=1, seconds=1.0))
    signal = rig.enter()
    await until(lambda: entry_in(rig, signal, ("FILLED",)), "the order is adopted and booked")
    rig.simulator.faults()


async def test_an_order_that_appears_seconds_later_is_adopted(rig: Rig) -> None:
    await trading(rig)
    rig.simulator.faults(Fault(kind=Kind.LATE_400, on="place", count=1, seconds=4.0))
    signal = rig.enter()
    found = await until(lambda: entry_in(rig, signal, ("FILLED",)), "the order is adopted and booked")
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
    await until(lambda: entry_in(rig, signal, ("DENIED",)), "entries are refused")
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
    await until(lambda: entry_in(rig, signal, ("FILLED",)), "the second copy trades")


async def test_afterwards_every_invariant_of_the_exchanges_journal_holds(rig: Rig) -> None:
    await trading(rig)

    async def published() -> bool:
        return not await rig.waiting_events()

    await until(published, "every event is published")
    run = await story(rig)
    findings, exercised = check_exchange(run), counts(run)
    for each in findings:
        print(f"{each.invariant} {each.verdict} {each.examined} {each.message}")  # noqa: T201 - shown with -s
    print(exercised)  # noqa: T201 - likewise
    said = msgspec.json.encode([each for each in findings if each.verdict == "FAIL"]).decode()
    least = {"posts": 10, "unknown": 5, "kills": len(POINTS), "fencings": 1}
    assert verdict(findings, exercised, least) == "PASS", said
