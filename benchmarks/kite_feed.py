"""How many ticks of the live feed one process decodes and makes records of, beside the official client's decoding.

3,000 instruments in full mode at 5 ticks a second each is what a login's connection can bring at most. Processor time
is counted, not wall time: what else the machine does is not the feed's. Publishing is what it is for every service
(see `feed_limit`); here everything up to the bytes of a record is measured, and what the ring does with too much.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from kiteconnect import KiteTicker

from alpha_panda.domain.instrument import Exchange, Instrument
from alpha_panda.events.envelope import Origin, encode
from alpha_panda.kite_simulator.frames import frame, packet
from alpha_panda.kite_simulator.quotes import Quote
from alpha_panda.market_feed.sources.kite.arrivals import Arrivals
from alpha_panda.market_feed.sources.kite.packets import Packet, decode
from alpha_panda.market_feed.sources.kite.ring import Ring
from benchmarks.result import Benchmark, Better, Options, Result, Row

INSTRUMENTS = 3_000
RATE = 5
SECONDS = 10
PACKETS = 500
"""In one frame."""
NEEDED = INSTRUMENTS * RATE
BEGIN = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def run(options: Options) -> Result:
    """Measure each repetition on frames of its own."""
    ours: list[float] = []
    decoded: list[float] = []
    theirs: list[float] = []
    conflated: list[float] = []
    for index in range(options.repetitions):
        options.say(f"repetition {index + 1}: {NEEDED * SECONDS} packets")
        frames = frames_of_a_market()
        theirs.append(_rate(lambda frames=frames: _official(frames)))  # type: ignore[misc]
        decoded.append(_rate(lambda frames=frames: _decoded(frames)))  # type: ignore[misc]
        ours.append(_rate(lambda frames=frames: _whole(frames)))  # type: ignore[misc]
        conflated.append(_rate(lambda frames=frames: _conflated(frames)))  # type: ignore[misc]
    return Result(
        rows=(
            Row(
                what="frame to record",
                unit="ticks/s of one core",
                samples=tuple(ours),
                reach=NEEDED,
                beyond=2.0 * NEEDED,
                note="decoded, compared with the last, made an event and encoded; 3,000 at 5/s needs 15,000",
            ),
            Row(
                what="decoding alone",
                unit="packets/s of one core",
                samples=tuple(decoded),
                floor=tuple(theirs),
                floor_is="the official client's own decoding",
                beyond_ratio=5,
            ),
            Row(
                what="conflating what nobody takes",
                unit="packets/s of one core",
                samples=tuple(conflated),
                better=Better.MORE,
                reach=NEEDED,
                note="on the ticker's thread, with the loop standing still: the latest of each instrument is kept",
            ),
        ),
        compared="The same frames of 500 packets in full mode (184 bytes each), every packet a new trade, were decoded "
        "by the official client and by the feed. Processor seconds of one process.",
        facts={"instruments": str(INSTRUMENTS), "packets": str(NEEDED * SECONDS)},
    )


def frames_of_a_market() -> list[bytes]:
    """All packets of so many seconds, each of them a new trade."""
    quotes = [
        Quote(
            instrument=Instrument(
                token=(index + 1) * 256 + 1, exchange=Exchange.NSE, symbol=f"S{index}", tick_size_paise=5
            )
        )
        for index in range(INSTRUMENTS)
    ]
    begin = int(BEGIN.timestamp())
    found: list[bytes] = []
    for turn in range(RATE * SECONDS):
        second = begin + turn // RATE
        moment = datetime.fromtimestamp(second, UTC)
        for quote in quotes:
            quote.trade(100_000 + 5 * (turn % 20), 10, moment)
        packets = [packet(quote, "full", second) for quote in quotes]
        found += [frame(packets[at : at + PACKETS]) for at in range(0, len(packets), PACKETS)]
    return found


def _rate(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return NEEDED * SECONDS / (time.process_time() - begun)


def _official(frames: list[bytes]) -> None:
    ticker = KiteTicker("key", "token")
    for each in frames:
        ticker._parse_binary(each)  # noqa: SLF001 - what it does with every frame


def _decoded(frames: list[bytes]) -> None:
    for each in frames:
        decode(each)


def _whole(frames: list[bytes]) -> None:
    arrivals, origin = Arrivals(), Origin(source="market-feed")
    arrivals.wanted = frozenset((index + 1) * 256 + 1 for index in range(INSTRUMENTS))
    for each in frames:
        for tick in arrivals.ticks(decode(each), BEGIN, 0.0):
            encode(tick, origin)
    if arrivals.counts.ticks != NEEDED * SECONDS:
        raise ValueError(f"{arrivals.counts.ticks} ticks of {NEEDED * SECONDS} packets")


def _conflated(frames: list[bytes]) -> None:
    ring = Ring(NEEDED)
    for each in frames:
        ring.put(each)
    taken = ring.take(NEEDED * SECONDS)
    kept: list[Packet] = [*taken.conflated, *(packet for each in taken.frames for packet in decode(each))]
    if len(kept) + taken.overtaken != NEEDED * SECONDS:
        raise ValueError(f"{len(kept)} packets kept and {taken.overtaken} counted of {NEEDED * SECONDS}")


BENCHMARK = Benchmark(name="kite-feed", title="Live feed", run=run, order=75)
