"""How many ticks of the live feed one process decodes and publishes to a real Kafka, and what is lost beyond that.

A thread offers frames at a pace, as the ticker's does; the feed's own parts take them from its ring, make ticks of
them and write them through its publisher, acknowledged by Kafka on the same machine. 3,000 instruments in full mode at
5 ticks a second each are what a login's connection can bring at most.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Final, NamedTuple

from alpha_panda.events.envelope import Event, Origin
from alpha_panda.events.market import Tick
from alpha_panda.market_feed.sources.kite.arrivals import Arrivals
from alpha_panda.market_feed.sources.kite.packets import decode
from alpha_panda.market_feed.sources.kite.ring import Ring, Taken
from alpha_panda.market_feed.sources.kite.source import AT_ONCE
from alpha_panda.runtime.kafka import make_producer, start_client
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.settings import PROFILES, KafkaProfile
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from benchmarks.clients import Access
from benchmarks.exchange_stage import access_of, load, provisioned, stores
from benchmarks.kite_feed import BEGIN, INSTRUMENTS, NEEDED, PACKETS, SECONDS, frames_of_a_market
from benchmarks.result import Benchmark, Better, Options, Result, Row

FASTER: Final = (1.0, 2.0, 4.0)
"""How much faster than 5 ticks a second and instrument the market is."""
_PARTITIONS: Final = 2
_IDLE_SECONDS: Final = 0.01


class Measured(NamedTuple):
    """One market at one pace."""

    offered: float
    """Packets a second."""
    published: float
    """Ticks a second while packets were offered."""
    per_processor: float
    """Ticks of a second of processor time of this process, which is the feed's own; Kafka's is not among it."""
    overtaken: int
    silent: int
    """Instruments whose last packet is in no tick."""
    longest_ms: float
    """From the offer of a frame to the acknowledgement of what followed from it."""


def run(options: Options) -> Result:
    """Offer the same frames at each pace."""
    found = asyncio.run(_measure(options))
    rows: list[Row] = []
    for index, faster in enumerate(FASTER):
        turns = found[index :: len(FASTER)]
        what = f"{INSTRUMENTS:,} instruments at {5 * faster:g} ticks/s each"
        offered = f"{NEEDED * faster:,.0f} packets/s were to be offered, {turns[0].offered:,.0f} were"
        rows += [
            Row(
                what=f"{what}: published",
                unit="ticks/s",
                samples=tuple(turn.published for turn in turns),
                reach=float(NEEDED) if faster == 1 else None,
                note=offered,
            ),
            Row(
                what=f"{what}: published, of a second of its processor",
                unit="ticks/s",
                samples=tuple(turn.per_processor for turn in turns),
                reach=float(NEEDED) if faster == 1 else None,
            ),
            Row(
                what=f"{what}: overtaken by later ones",
                unit="% of packets",
                samples=tuple(100.0 * turn.overtaken / (NEEDED * SECONDS) for turn in turns),
                better=Better.LESS,
                note=f"oldest frame {turns[0].longest_ms:.0f} ms; {turns[0].silent} instruments lack their last price",
            ),
        ]
    return Result(
        rows=tuple(rows),
        compared=(
            f"Frames of {PACKETS} packets in full mode, every packet a new trade, are put into the feed's ring at a "
            "pace by a thread; decoded, compared, encoded and published by one process to Kafka on the same machine, "
            "each bundle acknowledged before the next. What does not fit into the ring is conflated: of each "
            "instrument the latest packet stays."
        ),
        facts={
            "instruments": str(INSTRUMENTS),
            "packets": str(NEEDED * SECONDS),
            "partitions": str(_PARTITIONS),
            "load": load(),
        },
    )


async def _measure(options: Options) -> list[Measured]:
    frames = frames_of_a_market()
    found: list[Measured] = []
    async with stores(options.folder, options.say) as made:
        await provisioned(made)
        for _ in range(options.repetitions):
            for faster in FASTER:
                found.append(await _publish(access_of(made), frames, NEEDED * faster))
                last = found[-1]
                options.say(
                    f"{NEEDED * faster:,.0f} packets/s: {last.published:,.0f} ticks/s published, "
                    f"{last.overtaken} of {NEEDED * SECONDS} overtaken, oldest frame {last.longest_ms:.0f} ms"
                )
    return found


async def _publish(access: Access, frames: list[bytes], rate: float) -> Measured:
    settings = access.settings(KafkaProfile.model_validate(PROFILES["market-feed"]))
    producer = make_producer(settings)
    await start_client(producer, settings)
    origin, service = Origin(source="market-feed"), "market-feed"
    publisher = Publisher(producer, Metrics(service, None), origin, service, "", _PARTITIONS)
    try:
        return await _take(publisher, frames, rate)
    finally:
        await producer.stop()


async def _take(publisher: Publisher, frames: list[bytes], rate: float) -> Measured:
    ring, arrivals = Ring(ZerodhaSettings().ring), Arrivals()
    arrivals.wanted = frozenset((index + 1) * 256 + 1 for index in range(INSTRUMENTS))
    last_prices = {
        packet.token: packet.price_paise for frame in frames[-2 * INSTRUMENTS // PACKETS :] for packet in decode(frame)
    }
    offered_at: dict[int, float] = {}
    offering = threading.Thread(target=_offer, args=(ring, frames, rate, offered_at))
    begun, processor = time.monotonic(), time.process_time()
    offering.start()
    published = overtaken = during = 0
    took = longest = 0.0
    prices: dict[int, int] = {}
    while (alive := offering.is_alive()) or ring.waiting:
        taken = ring.take(AT_ONCE)
        overtaken += taken.overtaken
        ticks = _ticks(arrivals, taken)
        if not ticks:
            await asyncio.sleep(_IDLE_SECONDS)
            continue
        published += await publisher.publish(tuple(ticks), None)
        now = time.monotonic()
        longest = max([longest, *(now - offered_at[id(frame)] for frame in taken.frames)])
        prices.update((tick.data.instrument_token, tick.data.price_paise) for tick in ticks)
        if alive:
            during, took = published, now - begun
    processor = time.process_time() - processor
    offering.join()
    silent = sum(prices.get(token) != paise for token, paise in last_prices.items())
    return Measured(
        offered=len(frames) * PACKETS / (max(offered_at.values()) - begun),
        published=during / took,
        per_processor=published / processor,
        overtaken=overtaken,
        silent=silent,
        longest_ms=longest * 1e3,
    )


def _ticks(arrivals: Arrivals, taken: Taken) -> list[Event[Tick]]:
    ticks = arrivals.ticks(taken.conflated, BEGIN, 0.0)
    for frame in taken.frames:
        ticks += arrivals.ticks(decode(frame), BEGIN, 0.0)
    return ticks


def _offer(ring: Ring, frames: list[bytes], rate: float, offered_at: dict[int, float]) -> None:
    """Put the frames at a pace, as long as the ring lets them in."""
    begun = time.monotonic()
    for index, frame in enumerate(frames):
        due = begun + index * PACKETS / rate
        time.sleep(max(0.0, due - time.monotonic()))
        offered_at[id(frame)] = time.monotonic()
        ring.put(frame)


BENCHMARK = Benchmark(name="feed-limit", title="Live feed to Kafka", run=run, order=77)
