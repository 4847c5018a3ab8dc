"""A Kite simulator on a loopback port, in a thread of its own, and the unmodified official client."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from kiteconnect import KiteConnect

from alpha_panda.domain.instrument_table import InstrumentTable, load_instruments
from alpha_panda.kite_simulator.clock import SimulatedClock
from alpha_panda.kite_simulator.exchange import Exchange, Options
from alpha_panda.kite_simulator.faults import Fault
from alpha_panda.kite_simulator.server import Server
from alpha_panda.kite_simulator.sessions import Keys

API_KEY = "simulator"
API_SECRET = "rehearsal"
_Result = TypeVar("_Result")


class RunningSimulator:
    """What a test does with it; everything happens in the simulator's own thread."""

    def __init__(self, exchange: Exchange, server: Server, loop: asyncio.AbstractEventLoop, port: int) -> None:
        self.exchange = exchange
        self.server = server
        self._loop = loop
        self.root = f"http://127.0.0.1:{port}"
        self.ticker_root = f"ws://127.0.0.1:{port}"

    def start(self, work: Coroutine[Any, Any, _Result]) -> Future[_Result]:
        """Let it go on beside everything else."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def call(self, action: Callable[..., _Result], *arguments: object) -> _Result:
        async def called() -> _Result:
            return action(*arguments)

        return self.run(called())

    def price(self, name: str, paise: int, quantity: int = 100) -> None:
        """Somebody trades."""
        self.call(self.exchange.trade, self.exchange.by_name[name].instrument.token, paise, quantity)

    def faults(self, *faults: Fault) -> None:
        self.call(self.exchange.faults.switch, list(faults))

    def request_token(self) -> str:
        """The person has logged in on the page."""
        return self.call(self.exchange.sessions.log_in, API_KEY)

    def client(self, *, timeout: float = 7.0) -> KiteConnect:
        """The official client, logged in."""
        kite = KiteConnect(API_KEY, root=self.root, timeout=timeout)
        kite.reqsession.max_redirects = 0
        kite.generate_session(self.request_token(), API_SECRET)
        return kite

    def lines(self, what: str) -> list[dict[str, Any]]:
        """Lines of the journal of one kind."""
        return [line for line in list(self.exchange.journal.lines) if line["what"] == what]


@contextmanager
def running_simulator(
    table: InstrumentTable | None = None,
    clock: SimulatedClock | None = None,
    **options: Any,  # noqa: ANN401 - those of `Options`
) -> Iterator[RunningSimulator]:
    """Serve until the block is left. Calls are not limited unless `enforce_limits` is given."""
    keys = Keys(api_key=API_KEY, api_secret=API_SECRET)
    chosen = Options(keys=keys, **{"enforce_limits": False, "tick_seconds": 0.05, **options})
    exchange = Exchange(table or load_instruments(), chosen, clock)
    server = Server(exchange)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="kite-simulator")
    thread.start()
    try:
        port = asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
        yield RunningSimulator(exchange, server, loop, port)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
