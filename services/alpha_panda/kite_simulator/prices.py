"""Where the simulator's prices come from: a recorded day at some speed, or a market that is made up.

Both drive `Exchange.trade` at the clock's time; prices can be set over `/simulator/prices` besides.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Final

from alpha_panda.domain.instrument import Rounding, Segment
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick
from alpha_panda.kite_simulator.exchange import Exchange
from alpha_panda.market_feed.sources.port import EpochSource

BEFORE_OPEN: Final = timedelta(seconds=5)
"""How long before the first trade the clock of a replay begins."""
_NIGHT: Final = timedelta(hours=1)
_STEP: Final = 0.0004
_TURN_SECONDS: Final = 0.05


async def replay(exchange: Exchange, source: EpochSource, *, speed: float = 1.0, held: bool = False) -> None:
    """Trade what was recorded, each tick at its time; nights are skipped. Returns at the end of the data.

    One that is held begins when it is told to; until then time passes as it does, or logins would be over too soon.
    """
    clock = exchange.clock
    await exchange.recording.wait(held=held)
    clock.pace(speed)
    for tick in _ticks(source):
        ahead = tick.event_time - clock.now()
        if ahead > _NIGHT or ahead < -_NIGHT:
            clock.set(tick.event_time - BEFORE_OPEN)
            exchange.book.open_after_market()
        wait = clock.seconds_until(tick.event_time)
        if wait > 0:
            await asyncio.sleep(wait)
        if tick.data.instrument_token in exchange.quotes:
            exchange.trade(tick.data.instrument_token, tick.data.price_paise, tick.data.volume or 0, tick.event_time)
    exchange.recording.end()
    exchange.journal.note("replay ended")


async def make_up(exchange: Exchange, rate: int, seed: int) -> None:
    """Random walks of all instruments in turn, `rate` trades a second together, until cancelled."""
    rng = Random(seed)  # noqa: S311 - a market, not a secret
    quotes = [quote for quote in exchange.quotes.values() if quote.instrument.segment is not Segment.INDEX]
    walks = [math.log(quote.last_paise or rng.randint(10_000, 300_000)) for quote in quotes]
    begun, made = exchange.clock.now(), 0
    while quotes:
        due = int((exchange.clock.now() - begun).total_seconds() * rate)
        for index in range(made, due):
            place = index % len(quotes)
            walks[place] += rng.gauss(0, _STEP)
            instrument = quotes[place].instrument
            price = instrument.round_price(round(math.exp(walks[place])), Rounding.NEAREST)
            exchange.trade(instrument.token, price, rng.randint(1, 500) * instrument.lot_size)
        made = max(made, due)
        await asyncio.sleep(_TURN_SECONDS)


def _ticks(source: EpochSource) -> Iterator[Event[Tick]]:
    for batch in source.epochs():
        yield from batch.ticks
