"""Whatever is done to what the service stands on: owners that sleep, stores that go, logins that end, storms of 429."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from tests.support.zerodha_rig import NAME, PRICE, Rig, is_stopped
from tests.support.zerodha_story import (
    account,
    adoption_seconds,
    comes_through,
    comes_to,
    judge,
    story,
    trading,
    until,
    verify,
)

from alpha_panda.checker.exchange_orders import LEAST
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.kite_simulator.faults import Fault, Kind
from alpha_panda.local.stores import Store, Stores
from alpha_panda.runtime.kill_switch import KillSwitch

pytestmark = [pytest.mark.exchange, pytest.mark.timeout(1200)]
ENDS = ("FILLED", "DENIED", "REJECTED", "NOT_SENT", "UNKNOWN_ABSENT")
ANSWERS = (Kind.HANG, Kind.HTML_502, Kind.TIMED_OUT_400, Kind.TRUNCATED, Kind.NO_TYPE, Kind.REDIRECT, Kind.RESET)
SLEEPS = {
    "after_consume": ("FILLED", "DENIED"),
    "after_claim": ("UNKNOWN_ABSENT",),
    "after_post": ("FILLED",),
    "after_reply": ("FILLED",),
    "before_commit": ("FILLED", "DENIED", "UNKNOWN_ABSENT"),
}
"""Where the owner falls asleep, and what its successor makes of the order; it may come too late for one unclaimed.

Offsets are committed beside the orders: one may have been claimed just before that.
"""
SHARE = 0.2
ORDERS = 30
"""For each way in which an answer can be lost."""
BURST = 12
THREADS = 4
"""So many requests of the service may be on their way at once."""
LONGEST_ADOPTION_SECONDS = 5.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rig(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with account(stores, tmp_path_factory.mktemp("rig"), "storms") as made:
        yield made


async def paused(rig: Rig, point: str) -> tuple[subprocess.Popen[bytes], str]:
    """The owner falls asleep at a point of an order's way."""
    await trading(rig)
    owner = rig.alive()
    assert owner is not None
    rig.arm(point, "stop")
    entry = rig.enter()

    async def asleep() -> bool:
        return is_stopped(owner.pid)

    await until(asleep, f"the owner sleeps at {point}")
    return owner, entry


async def ended(process: subprocess.Popen[bytes]) -> int:
    async def holds() -> bool:
        return process.poll() is not None

    await until(holds, "the process ends")
    assert process.returncode is not None
    return process.returncode


async def kill(rig: Rig, store: Store, how: signal.Signals = signal.SIGKILL) -> None:
    """A store ends without warning."""
    assert store.process.pid is not None
    os.kill(store.process.pid, how)
    await store.process.ended()
    rig.kills += 1


async def come_back(store: Store) -> None:
    """A store that was killed serves again."""
    await store.process.ended()
    await store.prepare()
    await store.start()
    await store.wait_ready(180)


def tag_posts(rig: Rig, tag: str) -> int:
    return sum(1 for each in rig.posts() if each["params"]["tag"] == tag)


@pytest.mark.parametrize(("point", "ends"), SLEEPS.items(), ids=SLEEPS)
async def test_an_owner_that_slept_through_a_takeover_sends_nothing_more(
    rig: Rig, point: str, ends: tuple[str, ...]
) -> None:
    first, entry = await paused(rig, point)
    slept_under, second = await rig.fence(), rig.start()

    async def taken_over() -> bool:
        return await rig.fence() > slept_under

    await until(taken_over, "the second copy owns the account")
    found = await comes_to(rig, entry, *ends)
    first.send_signal(signal.SIGCONT)
    code = await ended(first)
    rig.fencings += 1
    assert code != 0
    assert second.poll() is None
    assert tag_posts(rig, found["tag"]) == (1 if found["state"] == "FILLED" else 0)
    await trading(rig)
    await comes_through(rig)


async def test_a_switch_thrown_between_claim_and_post_keeps_the_order_from_being_sent(rig: Rig) -> None:
    owner, entry = await paused(rig, "after_claim")
    async with Redis.from_url(rig.stores.redis.url(), decode_responses=True) as client:
        switch = KillSwitch(client, "")
        await switch.press(TradingHalted(scope=HaltScope.ALL, subject="", actor="ana", reason="a test"))
        owner.send_signal(signal.SIGCONT)
        found = await comes_to(rig, entry, "DENIED")
        await switch.release(TradingResumed(scope=HaltScope.ALL, subject="", actor="ben", reason="over"))
    assert ("halt" in found["code"], tag_posts(rig, found["tag"])) == (True, 0), found
    await trading(rig)
    await comes_through(rig)


async def test_after_a_storm_of_429_every_position_has_its_stop(rig: Rig) -> None:
    await trading(rig)
    rig.simulator.faults(Fault(kind=Kind.TOO_MANY_429, on="any", share=0.4))
    entries = [rig.enter(stop_loss_paise=PRICE - 200) for _ in range(BURST)]
    found = [await comes_to(rig, each, *ENDS) for each in entries]
    rig.simulator.faults()
    held = [each for each in found if each["state"] == "FILLED"]
    assert {each["code"] for each in found if each["state"] == "REJECTED"} <= {"too_many_requests"}
    assert held, "nothing was bought"
    for each in held:
        await comes_to(rig, each["order"]["signal_id"], "ACKED", leg="stop")
        rig.leave(each["order"]["signal_id"])
        await comes_to(rig, each["order"]["signal_id"], "CANCELLED", leg="stop")


async def test_a_login_that_ends_amid_a_burst_ends_the_burst(rig: Rig) -> None:
    await trading(rig)
    before = len(rig.posts())
    entries = [rig.enter() for _ in range(BURST)]

    async def under_way() -> bool:
        return len(rig.posts()) >= before + 2

    await until(under_way, "the burst has begun")
    rig.simulator.call(rig.simulator.exchange.sessions.end)
    # What was taken just before stays as it is: without a login nobody can look what became of it.
    found = [await comes_to(rig, each, *ENDS, "ACKED") for each in entries]
    journal = rig.simulator.exchange.journal.lines
    refused = [line["request"] for line in journal if line["what"] == "reply" and line["status"] == 403]
    late = [each for each in rig.posts()[before:] if each["sequence"] > refused[0]]
    assert len(late) < THREADS, "more was sent than was on its way when the login was said to be over"
    assert not [each for each in found if each["state"] == "UNKNOWN_ABSENT"]
    rig.log_in()
    await trading(rig)
    for each in entries:
        await comes_to(rig, each, *ENDS)
    await comes_through(rig)


async def test_without_postgresql_nothing_is_sent_and_then_it_goes_on(rig: Rig) -> None:
    await trading(rig)
    postgres, before = rig.stores.postgres, len(rig.posts())
    await kill(rig, postgres, signal.SIGQUIT)
    entries = [rig.enter() for _ in range(3)]
    process = rig.alive()
    assert process is not None
    await ended(process)
    assert len(rig.posts()) == before, "an order was sent that no row stands for"
    await come_back(postgres)
    await trading(rig)
    for each in entries:
        await comes_to(rig, each, *ENDS)
    await comes_through(rig)


async def test_without_redis_nobody_knows_what_is_halted_and_nothing_is_entered(rig: Rig) -> None:
    await trading(rig)
    redis, before = rig.stores.redis, len(rig.posts())
    await kill(rig, redis)
    found = await comes_to(rig, rig.enter(), "DENIED")
    assert (found["code"], len(rig.posts())) == ("halts_unreadable", before)
    await come_back(redis)
    await trading(rig)
    await comes_through(rig)


async def test_what_happens_without_kafka_is_told_once_it_is_back(rig: Rig) -> None:
    await trading(rig)
    entry = rig.enter(stop_loss_paise=PRICE - 200, target_paise=PRICE + 400)
    await comes_to(rig, entry, "ACKED", leg="stop")
    await comes_to(rig, entry, "ACKED", leg="target")
    kafka = rig.stores.kafka
    await kill(rig, kafka)
    rig.simulator.price(NAME, PRICE + 400, 1_000)
    await come_back(kafka)
    await trading(rig)
    await comes_to(rig, entry, "FILLED", leg="target")
    await comes_to(rig, entry, "CANCELLED", leg="stop")
    rig.simulator.price(NAME, PRICE, 1_000)
    await comes_through(rig)


@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_fifth_of_all_answers_is_lost_and_every_order_is_booked_once(rig: Rig, kind: Kind) -> None:
    await trading(rig)
    rig.simulator.faults(Fault(kind=kind, on="place", share=SHARE))
    for _ in range(ORDERS):
        await comes_through(rig)
    rig.simulator.faults()


async def test_updates_that_come_twice_and_in_disorder_change_nothing(rig: Rig) -> None:
    await trading(rig)
    rig.simulator.faults(Fault(kind=Kind.UPDATES_TWICE), Fault(kind=Kind.UPDATES_SHUFFLED))
    entries = [rig.enter(stop_loss_paise=PRICE - 200) for _ in range(BURST)]
    for each in entries:
        await comes_to(rig, each, "FILLED")
        await comes_to(rig, each, "ACKED", leg="stop")
        rig.leave(each)
    for each in entries:
        await comes_to(rig, each, "CANCELLED", leg="stop")
    rig.simulator.faults()


async def test_a_socket_that_says_nothing_is_left_and_orders_are_booked_without_it(rig: Rig) -> None:
    await trading(rig)

    def connections() -> int:
        return len(rig.simulator.lines("ticker connected"))

    async def made_anew() -> bool:
        return connections() > before

    async def heard() -> bool:
        return rig.simulator.call(lambda: len(rig.simulator.server.stream.connections)) > 0

    await until(heard, "the service hears updates")
    before = connections()
    rig.simulator.faults(Fault(kind=Kind.DEAD))
    for _ in range(3):
        await comes_through(rig)
    await until(made_anew, "the silent connection is left for another")
    rig.silences += connections() - before
    rig.simulator.faults()
    await comes_through(rig)


async def test_a_late_order_is_found_in_the_end(rig: Rig) -> None:
    await trading(rig)
    rig.simulator.faults(Fault(kind=Kind.LATE, on="place", count=1, seconds=3.0))
    await comes_through(rig)
    rig.simulator.faults()


async def test_afterwards_every_invariant_of_the_exchanges_journal_holds(rig: Rig) -> None:
    await trading(rig)
    run = await story(rig)
    judge(run, {**LEAST, "updates_twice": BURST, "updates_shuffled": BURST // 2, "silences": 1})
    found = adoption_seconds(rig, run)
    print(f"adopted {len(found)}: median {sorted(found)[len(found) // 2]:.2f} s, longest {max(found):.2f} s")  # noqa: T201 - shown with -s
    assert max(found) <= LONGEST_ADOPTION_SECONDS


async def test_afterwards_the_log_adds_up(rig: Rig) -> None:
    await verify(rig)
