"""How long a validated signal takes to arrive at the exchange as an order, while ticks pass through the same Kafka.

`zerodha-trading` runs as a process on real stores, with the official client, against the simulator, whose journal
says when each request arrived. Signals come at the pace that the exchange's limits leave to entries; the durable
claim of each order is part of the way.
"""

from __future__ import annotations

import asyncio
import time
from random import Random
from typing import Any, Final

from alpha_panda.events.topics import TICKS
from benchmarks.bare_feeder import BareOrder
from benchmarks.exchange_stage import access_of, account, load, stores
from benchmarks.flow import workers
from benchmarks.latency import point
from benchmarks.result import Benchmark, Better, Options, Result, Row
from benchmarks.worker import Worker, WorkerError

RATE: Final = 3.0
"""Signals a second: entries may be six in a second and 270 in a minute."""
ORDERS: Final = 100
"""Of a repetition."""
_FIRST: Final = 10
"""Orders before all measuring, with which Kafka and the connections of a service that was just started warm up."""
TICKS_A_SECOND: Final = 1_000
_TICK_BYTES: Final = 420
_GOAL_MILLISECONDS: Final = 25.0
_PATIENCE_SECONDS: Final = 60.0


def run(options: Options) -> Result:
    """Measure the way of each order."""
    found = asyncio.run(_measure(options))
    calm, loaded = found[0::2], found[1::2]
    rows = [
        Row(
            what=f"validated signal → POST, {name}, {kind}",
            unit="ms",
            samples=tuple(point(turn, percent) for turn in turns),
            better=Better.LESS,
            reach=_GOAL_MILLISECONDS if kind != "nothing else" and percent > 50 else None,  # noqa: PLR2004 - the median
        )
        for kind, turns in (("nothing else", calm), (f"{TICKS_A_SECOND:,} ticks/s", loaded))
        for name, percent in (("median", 50), ("99th percentile", 99))
    ]
    return Result(
        rows=tuple(rows),
        compared=(
            f"{ORDERS} validated signals, {RATE:g} a second at uneven times (even ones would always meet the look "
            "at the exchange's book that follows an order, or never), written as the risk manager writes them; "
            "the time is from before the writing to the arrival of the order at the simulator: Kafka, the claim in "
            "PostgreSQL with its fence, the last question of the kill switch in Redis, the official client. Once with "
            f"nothing else going on, once with ticks through the same Kafka; {_FIRST} orders went before all of them."
        ),
        facts={"orders": str(sum(map(len, found))), "load": load()},
    )


async def _measure(options: Options) -> list[list[float]]:
    found: list[list[float]] = []
    async with stores(options.folder, options.say) as made, account(made, options.folder) as rig:
        rig.turn_keys(_FIRST + 2 * ORDERS * options.repetitions)
        await _way(rig, _FIRST)
        for _ in range(options.repetitions):
            found.append(await _way(rig))
            seconds = ORDERS / RATE + _PATIENCE_SECONDS
            ticks = BareOrder(
                access=access_of(made),
                topic=TICKS.full_name(),
                count=int(TICKS_A_SECOND * seconds),
                size=_TICK_BYTES,
                rate=TICKS_A_SECOND,
                bundle=10,
            )
            with workers(Worker("benchmarks.bare_feeder", ticks)) as (feeder,):
                feeder.go()
                found.append(await _way(rig))
            for kind, turn in zip(("nothing else", "ticks"), found[-2:], strict=True):
                options.say(f"{kind}: {point(turn, 50):.1f} / {point(turn, 99):.1f} ms (median / 99th percentile)")
    return found


async def _way(rig: Any, orders: int = ORDERS) -> list[float]:  # noqa: ANN401 - of the tests' support
    """Milliseconds of each order's way."""
    written: dict[str, int] = {}
    spacing = Random(orders)  # noqa: S311 - no secret
    for _ in range(orders):
        await asyncio.sleep(spacing.uniform(0.5, 1.5) / RATE)
        now = time.monotonic_ns()
        written[await asyncio.to_thread(rig.enter)] = now
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while len(found := await _arrivals(rig, written)) < orders:
        if time.monotonic() > deadline:
            raise WorkerError(f"{len(found)} of {orders} orders arrived within {_PATIENCE_SECONDS:g} s")
        await asyncio.sleep(0.5)
    return found


async def _arrivals(rig: Any, written: dict[str, int]) -> list[float]:  # noqa: ANN401 - as above
    signals = {row["tag"]: row["order"]["signal_id"] for row in await rig.rows()}
    posts = {signals.get(each["params"]["tag"]): each["mono_ns"] for each in rig.posts()}
    return [(posts[signal] - at) / 1e6 for signal, at in written.items() if signal in posts]


BENCHMARK = Benchmark(name="order-path", title="From a validated signal to the exchange", run=run, order=76)
