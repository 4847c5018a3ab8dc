"""What clients of the streams cost trading: ticks to orders without any, and beside 200 that listen."""

from __future__ import annotations

from typing import Final

from benchmarks.flow import workers
from benchmarks.latency import RATE, follow_orders, point
from benchmarks.load import broker, on_ticks
from benchmarks.result import Benchmark, Better, Options, Result, Row
from benchmarks.sse_clients import ListenOrder
from benchmarks.stage import Stage, staged
from benchmarks.worker import Worker, WorkerError

CLIENTS: Final = 200
SECONDS: Final = 60
_MOST_MORE: Final = 1.1
_PERCENT: Final = {"median": 50, "99th percentile": 99}


def measure(options: Options) -> Result:
    """Feed at the same pace without and with them, in turn."""
    alone, beside = list[list[float]](), list[list[float]]()
    told = least = 0
    with staged(options.folder, broker(), on_ticks()) as stage:
        for turn in range(options.repetitions):
            skip = 2 * turn * RATE * SECONDS
            alone.append([sum(way) for way in follow_orders(stage, skip, SECONDS)])
            found, heard = _beside(stage, skip + RATE * SECONDS)
            beside.append(found)
            told, least = told + heard["all"], heard["least"] if turn == 0 else min(least, heard["least"])
            options.say(f"listeners {turn + 1}: p99 {point(alone[-1], 99):.2f} ms alone, {point(found, 99):.2f} beside")
    return _result(alone, beside, {"messages in all": str(told), "messages of the client with the fewest": str(least)})


def _beside(stage: Stage, skip: int) -> tuple[list[float], dict[str, int]]:
    order = ListenOrder(url=stage.api, token=stage.layout.secret("api-token"), clients=CLIENTS, seconds=SECONDS)
    with workers(Worker("benchmarks.sse_clients", order)) as (clients,):
        clients.go()
        found = [sum(way) for way in follow_orders(stage, skip, SECONDS)]
        heard = clients.result()
    if heard["ended"] or not heard["least"]:
        raise WorkerError(f"{heard['ended']} of {CLIENTS} clients were let go; the fewest messages: {heard['least']}")
    return found, heard


def _result(alone: list[list[float]], beside: list[list[float]], facts: dict[str, str]) -> Result:
    return Result(
        rows=tuple(
            Row(
                what=f"tick → order submitted at {RATE:,} ticks/s beside {CLIENTS} listeners, {name}",
                unit="ms",
                samples=tuple(point(each, percent) for each in beside),
                floor=tuple(point(each, percent) for each in alone),
                floor_is="the same with nobody listening",
                better=Better.LESS,
                reach_ratio=_MOST_MORE if name != "median" else None,
            )
            for name, percent in _PERCENT.items()
        ),
        compared=(
            f"{CLIENTS} clients, half of the API's stream of events and half of a page's, listen for {SECONDS} s while "
            f"{RATE:,} ticks a second become orders, after the same without them. They run on the same two "
            "cores, at a lower priority."
        ),
        facts=facts,
    )


BENCHMARK = Benchmark(name="listeners", title="Clients of the streams", run=measure, order=71)
