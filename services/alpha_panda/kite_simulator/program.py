"""The simulator as a program that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.kite_simulator.clock import SimulatedClock
from alpha_panda.kite_simulator.exchange import Exchange, Options
from alpha_panda.kite_simulator.prices import make_up, replay
from alpha_panda.kite_simulator.server import Server
from alpha_panda.market_feed.sources.replay import ReplayOptions, ReplaySource


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """Where prices come from: a recording, a made-up market, or nobody but `/simulator/prices`."""

    replay: Path | None = None
    speed: float = 1.0
    held: bool = False
    """Whether the recording waits until it is told to begin."""
    rate: int = 0
    """Made-up trades a second."""
    seed: int = 1


class Address(msgspec.Struct, frozen=True):
    """Where to listen."""

    host: str
    port: int


async def serve(
    table: InstrumentTable, options: Options, market: Market, address: Address, ready: Callable[[int], None]
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the port."""
    source = None
    instruments: Iterable[Instrument] = table
    if market.replay is not None:
        source = ReplaySource(ReplayOptions(path=market.replay), table, default_calendar())
        source.check()
    if source is not None and market.speed > 1:
        options = msgspec.structs.replace(options, tick_seconds=options.tick_seconds / market.speed)
    clock = SimulatedClock()
    exchange = Exchange(instruments, options, clock)
    server = Server(exchange)
    ready(await server.start(address.host, address.port))
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    prices: asyncio.Task[None] | None = None
    if source is not None:
        prices = asyncio.create_task(replay(exchange, source, speed=market.speed, held=market.held))
    elif market.rate:
        prices = asyncio.create_task(make_up(exchange, market.rate, market.seed))
    try:
        await stopping.wait()
    finally:
        if prices is not None:
            prices.cancel()
            await asyncio.gather(prices, return_exceptions=True)
        await server.stop()
