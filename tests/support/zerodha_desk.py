"""The order desk with the official client at a simulated exchange: only Kafka, PostgreSQL and Redis are away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from prometheus_client import CollectorRegistry
from tests.support.kite import API_KEY, RunningSimulator, running_simulator
from tests.support.trading import entry
from tests.support.zerodha_plan import BEGIN, BROKER, BROKER_SPEC, STRATEGY, STRATEGY_SPEC

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured
from alpha_panda.events.orders import Leg
from alpha_panda.kite_simulator.clock import SimulatedClock
from alpha_panda.runtime.fail_points import NO_FAIL_POINTS
from alpha_panda.runtime.order_settings import ExchangeOrderSettings
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha_trading.agent import Agent
from alpha_panda.zerodha_trading.announcements import Changes
from alpha_panda.zerodha_trading.book import Book
from alpha_panda.zerodha_trading.control import Control
from alpha_panda.zerodha_trading.desk import Desk
from alpha_panda.zerodha_trading.gateway import Gateway, Login
from alpha_panda.zerodha_trading.ledger import Ledger
from alpha_panda.zerodha_trading.meters import Meters
from alpha_panda.zerodha_trading.postback_door import PostbackDoor
from alpha_panda.zerodha_trading.rates import Caps, Rates
from alpha_panda.zerodha_trading.sender import Sender
from alpha_panda.zerodha_trading.standing import Locks
from alpha_panda.zerodha_trading.state import ExchangeOrder, State
from alpha_panda.zerodha_trading.updates import Updates
from alpha_panda.zerodha_trading.watcher import Watcher

YESBANK, NAME, PRICE = 3050241, "NSE:YESBANK", 15_000
PATIENCE = 120.0
SILENT_SECONDS = 3.0
SETTINGS = ExchangeOrderSettings(
    entry_seconds=120, request_seconds=3, poll_seconds=0.1, nudge_seconds=0.02, reconcile_seconds=1, retry_seconds=0.5
)


class NoStore:
    """Keeps nothing: what is written is another test's."""

    def __init__(self) -> None:
        self.open, self.claims = asyncio.Event(), asyncio.Event()
        self.open.set()
        self.claims.set()
        self.shuts_after_claim = False
        self.claiming = False

    async def save(self, _: Changes, claims: Collection[str] = ()) -> None:
        """Forget it, once it is open."""
        if not claims:
            await self.open.wait()
            return
        self.claiming = True
        await self.claims.wait()
        if self.shuts_after_claim:
            self.open.clear()

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
    sender: Sender
    watcher: Watcher
    updates: Updates
    locks: Locks
    store: NoStore
    registry: CollectorRegistry
    loops: list[asyncio.Task[None]]
    number: int = 0

    async def enter(self, *, algo_id: str | None = None, **fields: object) -> str:
        """An entry of a strategy of its own, so that none is in another's way; it may be registered by an id."""
        self.number += 1
        name = f"{STRATEGY}-{self.number}"
        spec = {**STRATEGY_SPEC, "acknowledgeLive": name, "algoId": algo_id}
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


@asynccontextmanager
async def desk_at_exchange(
    settings: ExchangeOrderSettings = SETTINGS,
    tenure: Tenure | None = None,
    postback_port: int | None = None,
    keys: Path | None = None,
) -> AsyncIterator[Trading]:
    """It trades until the block is left; with a port, the exchange posts updates of orders back to it."""
    instruments = load_instruments()
    url = None if postback_port is None else f"http://127.0.0.1:{postback_port}/"
    with running_simulator(instruments, SimulatedClock(BEGIN), postback_url=url) as simulator:
        simulator.price(NAME, PRICE, 1_000)
        desk = Desk(BROKER, BROKER, instruments, default_calendar(), Book())
        store = NoStore()
        ledger, locks, rates = Ledger(desk, cast("Any", store)), Locks(), Rates(Caps())
        control = Control(BROKER, instruments)
        control.take(BrokerConfigured(name=BROKER, uid="b", generation=1, spec=BROKER_SPEC))
        desk.terms = control.terms
        registry = CollectorRegistry()
        tenure, meters = tenure or Tenure("trading", "0"), Meters(registry)
        switch = cast("Any", SwitchOff())
        sender = Sender(ledger, control, locks, rates, switch, tenure, instruments, settings, NO_FAIL_POINTS, meters)
        watcher = Watcher(ledger, locks, instruments, settings)
        login = Login(api_key=API_KEY, access_token=simulator.client().access_token, account="AB1234")
        gateway = Gateway(simulator.root, login, settings.request_seconds, lambda: 0, NO_FAIL_POINTS)
        zerodha = ZerodhaSettings(
            root=simulator.root,
            ticker_root=simulator.ticker_root,
            silent_seconds=SILENT_SECONDS,
            postback_port=postback_port,
            keys=keys,
        )
        updates = Updates(ledger, watcher, zerodha, meters)
        door = PostbackDoor(zerodha, "127.0.0.1", watcher.look, lambda: desk.now, meters)
        door.postbacks.account = login.account
        sender.gateway = gateway
        watcher.begin(gateway)
        updates.begin(login)
        stopping = asyncio.Event()
        agent = Agent(ledger, sender, rates, locks, settings)
        running = [asyncio.create_task(each.run(stopping)) for each in (agent, watcher, updates, door)]
        deadline = time.monotonic() + PATIENCE
        while locks.reason is not None:
            assert time.monotonic() < deadline, locks.reason
            await asyncio.sleep(0.02)
        yield Trading(ledger, control, simulator, sender, watcher, updates, locks, store, registry, running)
        stopping.set()
        watcher.look()
        await asyncio.gather(*running)
        gateway.close()
