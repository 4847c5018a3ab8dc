"""The order desk with the official client at a simulated exchange: only Kafka, PostgreSQL and Redis are away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import msgspec
import pytest
import pytest_asyncio
from tests.support.zerodha_desk import NAME, PATIENCE, PRICE, SETTINGS, Trading, desk_at_exchange
from tests.support.zerodha_plan import BROKER, BROKER_SPEC

from alpha_panda.events.control import BrokerConfigured
from alpha_panda.events.orders import Leg
from alpha_panda.kite_simulator.exchange import Exchange
from alpha_panda.kite_simulator.faults import Fault, Kind
from alpha_panda.kite_simulator.orders import Terms
from alpha_panda.runtime.errors import FencedError
from alpha_panda.runtime.owners import Held
from alpha_panda.runtime.ownership import Ownership
from alpha_panda.zerodha_trading.errors import SessionDownError
from alpha_panda.zerodha_trading.gateway import Gateway
from alpha_panda.zerodha_trading.rates import Caps, Rates
from alpha_panda.zerodha_trading.replies import Reply
from alpha_panda.zerodha_trading.sender import Sender
from alpha_panda.zerodha_trading.state import State

LOST = (Kind.HANG, Kind.RESET, Kind.HTML_502, Kind.TIMED_OUT_400, Kind.TRUNCATED, Kind.REDIRECT, Kind.NO_TYPE)
SELDOM = SETTINGS.model_copy(update={"poll_seconds": 3600.0})
"""The books are only looked at where something says so."""
LONG_PAUSE_SECONDS = 1.2
BUSY_DAY = 1_500
"""Orders; of each the book says some 800 bytes."""


def by_hand(exchange: Exchange, count: int) -> list[str]:
    """A person buys a share at a time; the ids of the orders."""
    instrument = exchange.by_name[NAME].instrument
    terms = Terms(variety="regular", instrument=instrument, side="BUY", quantity=1, product="MIS", order_type="MARKET")
    return [exchange.book.place(terms, request=0).order_id for _ in range(count)]


async def until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trading() -> AsyncIterator[Trading]:
    async with desk_at_exchange() as made:
        yield made


async def test_a_target_that_fills_ends_its_twin_at_the_exchange(trading: Trading) -> None:
    signal = await trading.enter(stop_loss_paise=PRICE - 200, target_paise=PRICE + 400)
    await trading.comes_to(signal, Leg.ENTRY, State.FILLED)
    stop = await trading.comes_to(signal, Leg.STOP, State.ACKED)
    await trading.comes_to(signal, Leg.TARGET, State.ACKED)
    trading.simulator.price(NAME, PRICE + 400, 1_000)
    await trading.comes_to(signal, Leg.TARGET, State.FILLED)
    await trading.comes_to(signal, Leg.STOP, State.CANCELLED)
    trading.simulator.price(NAME, PRICE, 1_000)
    assert [part.status for part in stop.parts.values()] == ["CANCELLED"]
    assert signal not in trading.ledger.desk.book.trades


async def test_orders_carry_the_id_that_their_strategy_is_registered_by_else_the_account_s(trading: Trading) -> None:
    zerodha = {**BROKER_SPEC["zerodha"], "algoId": "ACCOUNT1"}  # type: ignore[dict-item]
    spec = {**BROKER_SPEC, "zerodha": zerodha}
    trading.control.take(BrokerConfigured(name=BROKER, uid="b", generation=2, spec=spec))
    for registered, carried in (("MINE7", "MINE7"), (None, "ACCOUNT1")):
        found = await trading.comes_to(await trading.enter(algo_id=registered), Leg.ENTRY, State.FILLED)
        sent = [each["params"] for each in trading.simulator.lines("request") if each["call"] == "place"]
        (algo_id,) = [each["algo_id"] for each in sent if each["tag"] == found.tag]
        assert (algo_id, found.algo_id) == (carried, carried)
    trading.control.take(BrokerConfigured(name=BROKER, uid="b", generation=3, spec=BROKER_SPEC))


@pytest.mark.parametrize("kind", LOST)
async def test_an_order_whose_answer_is_lost_is_found_and_was_sent_once(trading: Trading, kind: Kind) -> None:
    trading.simulator.faults(Fault(kind=kind, on="place", count=1))
    found = await trading.comes_to(await trading.enter(), Leg.ENTRY, State.FILLED)
    trading.simulator.faults()
    assert trading.posts(found.tag) == 1


async def test_that_a_login_is_over_is_known_before_anything_of_it_is_written() -> None:
    async with desk_at_exchange() as trading:
        trading.simulator.faults(Fault(kind=Kind.TOKEN_403, on="place", count=1))
        trading.store.shuts_after_claim = True
        await trading.enter()
        try:
            await until(lambda: trading.locks.session, "the login counts as over while nothing can be written")
        finally:
            trading.store.open.set()


async def test_a_late_word_about_the_login_before_does_not_end_the_present_one(trading: Trading) -> None:
    before, signal = trading.sender.gateway, await trading.enter()
    found = await trading.comes_to(signal, Leg.ENTRY, State.FILLED)
    assert before is not None
    trading.sender.gateway = cast("Any", Gone(before, trading.sender))
    await trading.sender.cancel(found, next(iter(found.parts)), Rates(Caps()).request())
    assert not trading.locks.session


async def test_once_a_login_was_refused_no_order_of_it_leaves_the_house() -> None:
    async with desk_at_exchange() as trading:
        trading.simulator.faults(Fault(kind=Kind.TOKEN_403, on="margins", count=1))
        gateway = trading.sender.gateway
        assert gateway is not None
        with pytest.raises(SessionDownError):
            await gateway.margins()
        before = len(trading.simulator.lines("request"))
        reply = await gateway.place({"variety": "regular"}, autoslice=False, deadline=time.monotonic() + PATIENCE)
        placed = [each for each in trading.simulator.lines("request")[before:] if each["call"] == "place"]
        assert (reply.written, placed) == (False, [])


class Gone:
    """A login that is replaced while it is answered."""

    def __init__(self, following: Gateway, sender: Sender) -> None:
        self._following, self._sender = following, sender

    async def cancel(self, _: str) -> Reply:
        self._sender.gateway = self._following
        body = {"status": "error", "error_type": "TokenException", "message": "Incorrect `access_token`."}
        return Reply(status=403, body=msgspec.json.encode(body))


class SlowOwners:
    """PostgreSQL, which answers no renewal in time, and by now has another owner."""

    displaced = False

    async def take(self, *_: object) -> int:
        return 1

    async def renew(self, *_: object) -> frozenset[str]:
        await asyncio.Event().wait()
        return frozenset()

    async def held(self, *_: object) -> Held | None:
        return Held(fence=2, owner="another", fresh=True, contested=False) if self.displaced else None


async def test_an_owner_that_slept_behind_its_claim_sends_only_once_it_is_told_that_it_still_owns() -> None:
    owners = SlowOwners()
    tenure = await Ownership(cast("Any", owners), "trading").take("0")

    async def sleeps_and_wakes() -> None:
        async with desk_at_exchange(tenure=tenure) as trading:
            trading.store.claims.clear()
            await trading.enter()
            await until(lambda: trading.store.claiming, "it claims")
            begun = time.monotonic()
            await until(lambda: time.monotonic() - begun > LONG_PAUSE_SECONDS, "it has slept")
            owners.displaced = True
            trading.store.claims.set()
            await until(lambda: any(each.done() for each in trading.loops), "it ends")
            assert not [each for each in trading.simulator.lines("request") if each["call"] == "place"]

    with pytest.raises(FencedError):
        await sleeps_and_wakes()


async def test_a_fill_is_heard_from_the_ticker_without_waiting_for_the_books() -> None:
    async with desk_at_exchange(SELDOM) as trading:
        await until(lambda: trading.simulator.lines("ticker connected"), "the ticker is connected")
        for kind in (Kind.UPDATES_TWICE, Kind.UPDATES_SHUFFLED):
            trading.simulator.faults(Fault(kind=kind))
            signal = await trading.enter(stop_loss_paise=PRICE - 200, target_paise=PRICE + 400)
            await trading.comes_to(signal, Leg.TARGET, State.ACKED)
            trading.simulator.price(NAME, PRICE + 400, 1_000)
            await trading.comes_to(signal, Leg.TARGET, State.FILLED)
            await trading.comes_to(signal, Leg.STOP, State.CANCELLED)
            trading.simulator.price(NAME, PRICE, 1_000)


async def test_that_an_order_filled_is_asked_of_it_alone_and_not_of_the_whole_day_s_book() -> None:
    async with desk_at_exchange(SELDOM) as trading:
        await until(lambda: trading.simulator.lines("ticker connected"), "the ticker is connected")
        first = await trading.comes_to(await trading.enter(), Leg.ENTRY, State.FILLED)
        before = len(trading.simulator.lines("request"))
        second = await trading.comes_to(await trading.enter(), Leg.ENTRY, State.FILLED)
        asked = [each["call"] for each in trading.simulator.lines("request")[before:]]
        assert (first.state, second.state) == (State.FILLED, State.FILLED)
        assert set(asked) == {"place", "trades"}


async def test_a_book_of_more_than_a_million_bytes_is_read_as_a_busy_day_has_it() -> None:
    async with desk_at_exchange() as trading:
        simulator, book = trading.simulator, trading.ledger.desk.book
        ordered = simulator.call(by_hand, simulator.exchange, BUSY_DAY)
        await until(lambda: all(book.by_broker_id(each) for each in ordered), "every order is known")
        await until(lambda: not trading.locks.books, "the books are believed")


async def test_a_ticker_that_fell_silent_is_made_anew_and_what_it_missed_is_in_the_books() -> None:
    async with desk_at_exchange(SELDOM) as trading:
        await until(lambda: trading.simulator.lines("ticker connected"), "the ticker is connected")
        trading.simulator.faults(Fault(kind=Kind.DEAD))
        signal = await trading.enter()
        await trading.comes_to(signal, Leg.ENTRY, State.FILLED)
        await until(lambda: len(trading.simulator.lines("ticker connected")) > 1, "it is connected again")
        trading.simulator.faults()
