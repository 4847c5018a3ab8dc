"""The order desk with the official client at a simulated exchange: only Kafka, PostgreSQL and Redis are away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry
from tests.support.kite import API_KEY, RunningSimulator, running_simulator
from tests.support.trading import entry
from tests.support.zerodha_plan import BEGIN, BROKER, BROKER_SPEC, STRATEGY, STRATEGY_SPEC

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured
from alpha_panda.events.orders import Leg
from alpha_panda.kite_simulator.clock import SimulatedClock
from alpha_panda.kite_simulator.faults import Fault, Kind
from alpha_panda.runtime.fail_points import NO_FAIL_POINTS
from alpha_panda.runtime.order_settings import ExchangeOrderSettings
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.zerodha_trading.agent import Agent
from alpha_panda.zerodha_trading.announcements import Changes
from alpha_panda.zerodha_trading.control import Control
from alpha_panda.zerodha_trading.desk import Desk
from alpha_panda.zerodha_trading.gateway import Gateway, Login
from alpha_panda.zerodha_trading.ledger import Ledger
from alpha_panda.zerodha_trading.meters import Meters
from alpha_panda.zerodha_trading.rates import Caps, Rates
from alpha_panda.zerodha_trading.sender import Sender
from alpha_panda.zerodha_trading.standing import Locks
from alpha_panda.zerodha_trading.state import Book, ExchangeOrder, State
from alpha_panda.zerodha_trading.watcher import Watcher

YESBANK, NAME, PRICE = 3050241, "NSE:YESBANK", 15_000
PATIENCE = 120.0
SETTINGS = ExchangeOrderSettings(
    entry_seconds=120, request_seconds=3, poll_seconds=0.1, nudge_seconds=0.02, reconcile_seconds=1, retry_seconds=0.5
)
LOST = (Kind.HANG, Kind.RESET, Kind.HTML_502, Kind.TIMED_OUT_400, Kind.TRUNCATED, Kind.REDIRECT, Kind.NO_TYPE)


class NoStore:
    """Keeps nothing: what is written is another test's."""

    async def save(self, changes: Changes, claims: Collection[str] = ()) -> None:
        """Forget it."""

    async def archive(self, day: datetime, kind: str, rows: list[Any]) -> None:
        """Forget it."""


class SwitchOff:
    """A kill switch that nobody has thrown."""

    async def read(self) -> dict[str, Any]:
        return {}


@dataclass
class Trading:
    """The account and the exchange."""

    ledger: Ledger
    control: Control
    simulator: RunningSimulator
    number: int = 0

    async def enter(self, **fields: object) -> str:
        """An entry of a strategy of its own, so that none is in another's way."""
        self.number += 1
        name = f"{STRATEGY}-{self.number}"
        spec = {**STRATEGY_SPEC, "acknowledgeLive": name}
        self.control.take(StrategyConfigured(name=name, uid=name, generation=1, spec=spec))
        at = self.simulator.exchange.clock.now()
        values: dict[str, Any] = {
            "strategy": name,
            "instrument_token": YESBANK,
            "reference_price_paise": PRICE,
            "stop_loss_paise": None,
            "expires_at": at + timedelta(minutes=5),
            **fields,
        }
        event = entry(at, 10, n=self.number, **values)
        await self.ledger.step(lambda desk: desk.signal(event, datetime.now(UTC), None, None))
        return event.data.signal_id

    async def comes_to(self, signal: str, leg: Leg, state: State) -> ExchangeOrder:
        deadline = time.monotonic() + PATIENCE
        while True:
            orders = self.ledger.desk.book.orders.values()
            found = [each for each in orders if each.order.signal_id == signal and each.order.leg is leg]
            if found and found[-1].state is state:
                return found[-1]
            assert time.monotonic() < deadline, f"the {leg} is not {state}: {found}"
            await asyncio.sleep(0.02)

    def posts(self, tag: str) -> int:
        requests = self.simulator.lines("request")
        return sum(1 for each in requests if each["call"] == "place" and each["params"]["tag"] == tag)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trading() -> AsyncIterator[Trading]:
    instruments = load_instruments()
    with running_simulator(instruments, SimulatedClock(BEGIN)) as simulator:
        simulator.price(NAME, PRICE, 1_000)
        desk = Desk(BROKER, BROKER, instruments, default_calendar(), Book())
        ledger, locks, rates = Ledger(desk, cast("Any", NoStore())), Locks(), Rates(Caps())
        control = Control(BROKER, instruments)
        control.take(BrokerConfigured(name=BROKER, uid="b", generation=1, spec=BROKER_SPEC))
        desk.terms = control.terms
        tenure, meters = Tenure("trading", "0"), Meters(CollectorRegistry())
        switch = cast("Any", SwitchOff())
        sender = Sender(ledger, control, locks, rates, switch, tenure, instruments, SETTINGS, NO_FAIL_POINTS, meters)
        watcher = Watcher(ledger, locks, instruments, SETTINGS)
        login = Login(api_key=API_KEY, access_token=simulator.client().access_token, account="AB1234")
        gateway = Gateway(simulator.root, login, SETTINGS.request_seconds, lambda: 0, NO_FAIL_POINTS)
        sender.gateway = gateway
        watcher.begin(gateway)
        stopping = asyncio.Event()
        agent = Agent(ledger, sender, rates, locks, SETTINGS)
        running = [asyncio.create_task(each) for each in (agent.run(stopping), watcher.run(stopping))]
        deadline = time.monotonic() + PATIENCE
        while locks.reason is not None:
            assert time.monotonic() < deadline, locks.reason
            await asyncio.sleep(0.02)
        yield Trading(ledger, control, simulator)
        stopping.set()
        await asyncio.gather(*running)
        gateway.close()


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


@pytest.mark.parametrize("kind", LOST)
async def test_an_order_whose_answer_is_lost_is_found_and_was_sent_once(trading: Trading, kind: Kind) -> None:
    trading.simulator.faults(Fault(kind=kind, on="place", count=1))
    found = await trading.comes_to(await trading.enter(), Leg.ENTRY, State.FILLED)
    trading.simulator.faults()
    assert trading.posts(found.tag) == 1
