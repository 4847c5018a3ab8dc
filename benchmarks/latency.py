"""How long a tick takes to become an order at 1,000 ticks a second, stage by stage, beside the same hops bare.

Times are wall time of this one machine: each envelope says when it was written, and a reader at the end
says when the order was there. What belongs together is found by causes, back to the tick.
"""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from statistics import median, quantiles
from typing import Any, Final

from alpha_panda.events.envelope import Envelope, decode_header
from alpha_panda.events.topics import ORDERS_SUBMITTED, SIGNALS_RAW, SIGNALS_VALIDATED, TICKS
from benchmarks.bare_feeder import BareOrder
from benchmarks.clients import Access, consumer
from benchmarks.feeder import FeedOrder
from benchmarks.flow import name_of, workers
from benchmarks.hop import STAMP, HopOrder, Output
from benchmarks.load import broker, on_ticks
from benchmarks.result import Benchmark, Better, Line, Options, Plot, Result, Row
from benchmarks.stage import Stage, staged
from benchmarks.worker import Worker, WorkerError

RATE: Final = 1_000
SECONDS: Final = 15
_EVERY: Final = 20
"""One tick in so many becomes a signal."""
_BUNDLE: Final = 10
"""Ticks that go out together, as the market feed sends those of ten milliseconds."""
_SILENCE_SECONDS: Final = 2.0
_CHAIN: Final = tuple(map(name_of, (TICKS, SIGNALS_RAW, SIGNALS_VALIDATED, ORDERS_SUBMITTED)))
STAGES: Final = {
    "tick written → signal written (Kafka, strategy runner)": 1.2,
    "signal → validated (Kafka, risk manager)": 1.2,
    "validated → order submitted (Kafka, paper trading)": 1.2,
    "order submitted → read by its reader (Kafka)": 0.4,
}
"""The budget of each stage in ms at the median: 4 ms in all."""
_REACH: Final = {"median": 4.0, "99th percentile": 12.0}
_BEYOND: Final = {"median": 1.5, "99th percentile": 4.0}
_PERCENT: Final = {"median": 50, "99th percentile": 99}


def measure(options: Options) -> Result:
    """Feed both at the same pace, in turn."""
    ways: list[list[tuple[float, ...]]] = []
    floors: list[list[float]] = []
    with staged(options.folder, broker(), on_ticks()) as stage:
        for turn in range(options.repetitions):
            ways.append(follow_orders(stage, turn * RATE * SECONDS, SECONDS))
            floors.append(_bare(stage, f"bare-{turn}."))
            ours = [sum(way) for way in ways[-1]]
            options.say(
                f"latency {turn + 1}: {point(ours, 50):.2f} / {point(ours, 99):.2f} ms, "
                f"bare hops {point(floors[-1], 50):.2f} / {point(floors[-1], 99):.2f} ms (median / 99th percentile)"
            )
    return _result(ways, floors)


def follow_orders(stage: Stage, skip: int, seconds: int) -> list[tuple[float, ...]]:
    """Feed for so long, after the first `skip` ticks; for each order the milliseconds that it spent in each stage."""
    order = FeedOrder(access=stage.access, count=RATE * seconds, skip=skip, rate=RATE, bundle=_BUNDLE)
    starts = stage.ends(_CHAIN)
    with workers(Worker("benchmarks.feeder", order)) as (feeder,):
        read = asyncio.run(_watch(stage.access, starts, feeder))
    return _follow(read)


async def _watch(access: Access, starts: dict[str, int], feeder: Worker) -> dict[str, list[tuple[float, bytes]]]:
    """All records of the chain with the wall time at which they were read here, from the start to a silence."""
    last = _CHAIN[-1]
    watcher = await consumer(access, {last: starts[last]})
    feeder.go()
    found: dict[str, list[tuple[float, bytes]]] = {last: await _until_silence(watcher)}
    await watcher.stop()
    rest = await consumer(access, {topic: starts[topic] for topic in _CHAIN[:-1]})
    for topic in _CHAIN[:-1]:
        found[topic] = []
    while batches := await rest.getmany(timeout_ms=1000):
        for where, records in batches.items():
            found[where.topic] += [(0.0, record.value) for record in records]
    await rest.stop()
    return found


async def _until_silence(watcher: Any) -> list[tuple[float, bytes]]:  # noqa: ANN401 — aiokafka has no types
    found: list[tuple[float, bytes]] = []
    heard = time.monotonic() + SECONDS
    while time.monotonic() - heard < _SILENCE_SECONDS:
        for records in (await watcher.getmany(timeout_ms=200)).values():
            now = time.time()
            found += [(now, record.value) for record in records]
            heard = max(heard, time.monotonic())
    return found


def _follow(read: dict[str, list[tuple[float, bytes]]]) -> list[tuple[float, ...]]:
    """The stages of each order, by its causes."""
    ticks, raw, validated = (
        {header.id: header for header in (decode_header(value) for _, value in read[topic])} for topic in _CHAIN[:-1]
    )
    found = []
    for at, value in read[_CHAIN[-1]]:
        order = decode_header(value)
        verdict = validated.get(order.causation_id or "")
        signal = raw.get((verdict and verdict.causation_id) or "")
        tick = ticks.get((signal and signal.causation_id) or "")
        if verdict is not None and signal is not None and tick is not None:
            times = [*(_written(each) for each in (tick, signal, verdict, order)), at]
            found.append(tuple((later - sooner) * 1e3 for sooner, later in pairwise(times)))
    if len(found) < RATE * SECONDS / _EVERY / 2:
        raise WorkerError(f"{len(found)} orders were followed to their tick, of about {RATE * SECONDS // _EVERY}")
    return found


def _written(header: Envelope) -> float:
    return header.timestamp.timestamp()


def _bare(stage: Stage, copy: str) -> list[float]:
    """Milliseconds of each record through as many hops, of records of the same size."""
    sizes, topics = stage.sizes(_CHAIN), [copy + topic for topic in _CHAIN]
    stage.make_topics(topics)
    count = RATE * SECONDS
    load = BareOrder(
        access=stage.access, topic=topics[0], count=count, size=sizes[_CHAIN[0]], rate=RATE, bundle=_BUNDLE
    )
    hops = []
    for index in range(len(topics) - 1):
        read = count if index == 0 else count // _EVERY
        output = Output(
            topic=topics[index + 1],
            records=count // _EVERY,
            driver=topics[index],
            drivers=read,
            size=sizes[_CHAIN[index + 1]],
        )
        hops.append(
            HopOrder(
                access=stage.access,
                group=f"{copy}{index}",
                reads={topics[index]: 0},
                counts={topics[index]: read},
                writes=[output],
            )
        )
    with (
        stage.only(),
        workers(Worker("benchmarks.bare_feeder", load), *(Worker("benchmarks.hop", hop) for hop in hops)) as running,
    ):
        for hop in running[1:]:
            hop.go()
        return asyncio.run(_arrivals(stage.access, topics[-1], running[0]))


async def _arrivals(access: Access, topic: str, feeder: Worker) -> list[float]:
    watcher = await consumer(access, {topic: 0})
    feeder.go()
    found = await _until_silence(watcher)
    await watcher.stop()
    return [(at - int.from_bytes(value[:STAMP], "big") / 1e9) * 1e3 for at, value in found]


def point(values: list[float], percent: int) -> float:
    """A percentile."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _result(ways: list[list[tuple[float, ...]]], floors: list[list[float]]) -> Result:
    whole = [[sum(way) for way in turn] for turn in ways]
    rows = [
        Row(
            what=f"tick → order submitted at {RATE:,} ticks/s, {name}",
            unit="ms",
            samples=tuple(point(turn, percent) for turn in whole),
            floor=tuple(point(turn, percent) for turn in floors),
            floor_is="four bare hops",
            better=Better.LESS,
            reach=_REACH[name],
            beyond=_BEYOND[name],
        )
        for name, percent in _PERCENT.items()
    ]
    for index, (stage, budget) in enumerate(STAGES.items()):
        medians = tuple(median(way[index] for way in turn) for turn in ways)
        rows.append(Row(what=f"· {stage}, median", unit="ms", samples=medians, better=Better.LESS, reach=budget))
    merged, bare = [each for turn in whole for each in turn], [each for turn in floors for each in turn]
    return Result(
        rows=tuple(rows),
        plots=(_histogram(merged, bare),),
        compared=(
            f"A strategy that moves two averages on every tick and wants something on every {_EVERY}th is fed "
            f"{RATE:,} ticks a second for {SECONDS} s, in bundles of ten milliseconds as the feed sends them, with all "
            "services running; the time is from the writing of the tick to the reading of the order that follows from "
            "it. The floor sends records of the same size at the same pace through as many bare hops."
        ),
        facts={"orders followed": str(len(merged)), "records through the bare hops": str(len(bare))},
    )


def _histogram(ours: list[float], bare: list[float]) -> Plot:
    edges = [0.25 * 1.15**step for step in range(40)]
    return Plot(
        file="latency",
        title=f"Tick to order at {RATE:,} ticks a second",
        x_label="milliseconds",
        y_label="share of orders, %",
        lines=(_bars("Alpha Panda", ours, edges), _bars("bare aiokafka hops", bare, edges)),
        steps=True,
        x_log=True,
    )


def _bars(name: str, values: list[float], edges: list[float]) -> Line:
    ends = [*edges[1:], float("inf")]
    shares = [
        100 * sum(low <= value < high for value in values) / len(values) for low, high in zip(edges, ends, strict=True)
    ]
    return Line(name=name, x=tuple(edges), y=tuple(shares))


BENCHMARK = Benchmark(name="latency", title="From a tick to an order", run=measure, order=20)
