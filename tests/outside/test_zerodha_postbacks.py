"""Postbacks through a socket: a good one makes the books be looked at, any other one is counted and does nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.support.kite import API_SECRET
from tests.support.zerodha_desk import NAME, PATIENCE, PRICE, SETTINGS, Trading, desk_at_exchange

from alpha_panda.domain.calendar import IST
from alpha_panda.events.orders import Leg
from alpha_panda.kite_simulator.faults import Fault, Kind
from alpha_panda.topology.graph import ACCOUNT_KEYS
from alpha_panda.zerodha_trading.postbacks import LARGEST, MOST_OF_AN_ORDER, Postbacks, Verdict
from alpha_panda.zerodha_trading.state import State

NEVER_BY_ITSELF = SETTINGS.model_copy(update={"poll_seconds": 3600.0})
NOON = datetime(2026, 6, 2, 12, 0, tzinfo=IST)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postback(order_id: str = "260602000000001", secret: str = API_SECRET, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    placed = fields.pop("order_timestamp", "2026-06-02 10:00:01")
    signed = hashlib.sha256(f"{order_id}{placed}{secret}".encode()).hexdigest()
    said = {"order_id": order_id, "order_timestamp": placed, "checksum": signed, "user_id": "AB1234"}
    return {**said, "status": "COMPLETE", "filled_quantity": 10, **fields}


class Door:
    """A running desk whose only news of orders are postbacks, and the address they come to."""

    def __init__(self, trading: Trading, url: str) -> None:
        self.trading, self.url = trading, url

    async def post(self, body: object, **options: Any) -> int:  # noqa: ANN401 - httpx's
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return (await client.post(self.url, content=content, **options)).status_code

    def counted(self, verdict: Verdict) -> float:
        labels = {"outcome": verdict.value}
        return self.trading.registry.get_sample_value("panda_exchange_postbacks_total", labels) or 0.0

    def looks(self) -> int:
        """How often the exchange's book was asked for."""
        return sum(1 for each in self.trading.simulator.lines("request") if each["call"] == "orders")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    keys, port = tmp_path_factory.mktemp("keys"), free_port()
    (keys / ACCOUNT_KEYS[1]).write_text(f"{API_SECRET}\n")
    async with desk_at_exchange(NEVER_BY_ITSELF, postback_port=port, keys=keys) as trading:
        trading.simulator.faults(Fault(kind=Kind.UPDATES_LOST))
        yield Door(trading, f"http://127.0.0.1:{port}/")


async def until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


async def test_a_fill_is_booked_by_its_postback_alone(door: Door) -> None:
    before = door.counted(Verdict.TAKEN)
    signal = await door.trading.enter()
    await door.trading.comes_to(signal, Leg.ENTRY, State.FILLED)
    assert door.counted(Verdict.TAKEN) > before


async def test_postbacks_that_come_twice_and_in_disorder_book_an_order_once(door: Door) -> None:
    repeated = door.counted(Verdict.REPEATED)
    door.trading.simulator.faults(Fault(kind=Kind.UPDATES_LOST), Fault(kind=Kind.POSTBACK_TWICE))
    signal = await door.trading.enter(stop_loss_paise=PRICE - 200, target_paise=PRICE + 400)
    await door.trading.comes_to(signal, Leg.TARGET, State.ACKED)
    door.trading.simulator.price(NAME, PRICE + 400, 1_000)
    target = await door.trading.comes_to(signal, Leg.TARGET, State.FILLED)
    await door.trading.comes_to(signal, Leg.STOP, State.CANCELLED)
    order = door.trading.simulator.exchange.book.orders[next(iter(target.parts))]
    for shown in reversed(order.history):  # an end first, what led to it after that
        told = postback(order.order_id, order_timestamp=shown["order_timestamp"], status=shown["status"])
        assert await door.post(told) == httpx.codes.OK
    await until(lambda: door.counted(Verdict.REPEATED) > repeated, "a second copy is known for one")
    assert (target.state, target.filled) == (State.FILLED, 10)
    door.trading.simulator.faults(Fault(kind=Kind.UPDATES_LOST))
    door.trading.simulator.price(NAME, PRICE, 1_000)


async def test_what_a_postback_says_beyond_its_checksum_is_not_believed(door: Door) -> None:
    signal = await door.trading.enter(stop_loss_paise=PRICE - 200)
    stop = await door.trading.comes_to(signal, Leg.STOP, State.ACKED)
    name = next(iter(stop.parts))
    placed = door.trading.simulator.exchange.book.orders[name].shown()["order_timestamp"]
    looks = door.looks()
    lie = postback(name, order_timestamp=placed, status="REJECTED", filled_quantity=99, tag=stop.tag)
    assert await door.post(lie) == httpx.codes.OK
    await until(lambda: door.looks() > looks, "the books are looked at")
    await until(lambda: stop.parts[name].status == "TRIGGER PENDING", "the order is what the book says")
    assert (stop.state, stop.filled, stop.parts[name].filled) == (State.ACKED, 0, 0)


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (postback(secret="another secret"), Verdict.FORGED),
        (postback(checksum=""), Verdict.FORGED),
        (postback(checksum="ü"), Verdict.FORGED),
        (postback(user_id="ZZ9999"), Verdict.FOREIGN),
        (postback(order_timestamp="2026-06-01 10:00:01"), Verdict.STALE),
        (postback(order_timestamp="soon"), Verdict.STALE),
        (postback(checksum=None), Verdict.MALFORMED),
        ([postback()], Verdict.MALFORMED),
        (b"\xff\xfe", Verdict.MALFORMED),
        (b"", Verdict.MALFORMED),
        (postback(meta="x" * LARGEST), Verdict.TOO_LARGE),
    ],
)
async def test_a_postback_that_is_not_ours_is_counted_and_does_nothing(
    door: Door, body: object, verdict: Verdict
) -> None:
    await door.trading.comes_to(await door.trading.enter(), Leg.ENTRY, State.FILLED)
    counted, taken = door.counted(verdict), door.counted(Verdict.TAKEN)
    assert await door.post(body) == verdict.status
    assert door.counted(verdict) == counted + 1
    assert door.counted(Verdict.TAKEN) == taken


async def test_the_same_postback_is_taken_once(door: Door) -> None:
    await door.trading.comes_to(await door.trading.enter(), Leg.ENTRY, State.FILLED)
    repeated, said = door.counted(Verdict.REPEATED), postback("260602999999999")
    assert [await door.post(said), await door.post(said)] == [httpx.codes.OK] * 2
    assert door.counted(Verdict.REPEATED) == repeated + 1


async def test_other_ways_in_are_shut(door: Door) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        assert (await client.get(door.url)).status_code == httpx.codes.METHOD_NOT_ALLOWED
        assert (await client.post(f"{door.url}metrics")).status_code == httpx.codes.NOT_FOUND


def judge(postbacks: Postbacks, said: dict[str, Any], secret: str = API_SECRET, now: datetime = NOON) -> Verdict:
    return postbacks.judge(json.dumps(said).encode(), secret, now)


def test_nothing_is_believed_before_a_login_has_brought_the_secret_and_the_account() -> None:
    postbacks = Postbacks()
    assert judge(postbacks, postback()) is Verdict.NO_SECRET
    postbacks.account = "AB1234"
    assert judge(postbacks, postback(), secret="") is Verdict.NO_SECRET
    assert judge(postbacks, postback()) is Verdict.TAKEN


def test_one_checksum_cannot_be_used_again_without_end() -> None:
    postbacks = Postbacks()
    postbacks.account = "AB1234"
    said = [judge(postbacks, postback(filled_quantity=each)) for each in range(MOST_OF_AN_ORDER + 3)]
    assert said == [Verdict.TAKEN] * MOST_OF_AN_ORDER + [Verdict.TOO_MANY] * 3
    tomorrow = postback(order_timestamp="2026-06-03 09:16:00")
    assert judge(postbacks, tomorrow, now=NOON + timedelta(days=1)) is Verdict.TAKEN
