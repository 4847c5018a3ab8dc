"""The whole pipeline: how many ticks a second all services together take through to orders and fills.

The load is published as fast as it goes while every service is at work, and the clock stops when the last
of them has dealt with all of it: no stage can hide behind a backlog.
"""

from __future__ import annotations

import time
from typing import Final

from benchmarks.clients import Access
from benchmarks.feeder import FeedOrder
from benchmarks.flow import RAW_TOPIC, TOPICS, Traffic, bare_rate, drained, traffic, workers
from benchmarks.load import broker, crossing
from benchmarks.result import Benchmark, Better, Options, Result, Row
from benchmarks.stage import PIPELINE, Stage, staged
from benchmarks.worker import Worker

TICKS: Final = 150_000
"""Two and a half hours of 100 instruments at ten ticks a minute."""
_FEED = "feed"


def measure(options: Options) -> Result:
    """Run the load through the services and through bare hops, in turn."""
    rates, floors, costs = list[float](), list[float](), list[dict[str, float]]()
    with staged(options.folder, broker(), crossing()) as stage:
        for turn in range(options.repetitions):
            rate, cost, ran = _services(stage, turn)
            floor = bare_rate(stage, ran, f"bare-{turn}.", TICKS)
            options.say(f"pipeline {turn + 1}: {rate:,.0f} ticks/s, bare hops {floor:,.0f} ticks/s")
            rates.append(rate)
            floors.append(floor)
            costs.append(cost)
    return _result(rates, floors, costs, ran)


def _services(stage: Stage, turn: int) -> tuple[float, dict[str, float], Traffic]:
    """Ticks a second, microseconds of processor time per tick by process, and what it put on the log."""
    before = stage.ends(TOPICS)
    with workers(Worker("benchmarks.feeder", _load(stage.access, turn))) as (feeder,):
        spent = {name: stage.cpu(name) for name in PIPELINE}
        begun = time.monotonic()
        feeder.go()
        fed = feeder.result()
        stage.wait(lambda: drained(stage, PIPELINE), "every service has read everything")
        seconds = time.monotonic() - begun
        stage.wait(lambda: _settled(stage), "nothing comes any more")
        cost = {name: (stage.cpu(name) - spent[name]) / TICKS * 1e6 for name in PIPELINE}
    cost[_FEED] = fed["cpu"] / TICKS * 1e6
    return TICKS / seconds, cost, traffic(stage, before)


def _settled(stage: Stage) -> bool:
    before = stage.ends(TOPICS)
    time.sleep(0.5)
    return drained(stage, PIPELINE) and stage.ends(TOPICS) == before


def _load(access: Access, turn: int) -> FeedOrder:
    return FeedOrder(access=access, count=TICKS, skip=turn * TICKS)


def _result(rates: list[float], floors: list[float], costs: list[dict[str, float]], ran: Traffic) -> Result:
    records = sum(ran.records.values())
    signals = ran.records[RAW_TOPIC] / TICKS
    rows = [
        Row(
            what="whole pipeline, 100 instruments",
            unit="ticks/s",
            samples=tuple(rates),
            floor=tuple(floors),
            floor_is="seven bare loops moving the same bytes",
            reach=40_000,
            beyond=100_000,
            note=f"{signals:.1%} of ticks become signals; {records / TICKS:.2f} records a tick in all",
        )
    ]
    for name in costs[0]:
        samples = tuple(cost[name] for cost in costs)
        rows.append(Row(what=f"· processor time of {name}", unit="µs a tick", samples=samples, better=Better.LESS))
    facts = {topic: f"{count} records of {ran.sizes[topic]} bytes" for topic, count in ran.records.items()}
    return Result(
        rows=tuple(rows),
        compared=(
            f"{TICKS} ticks of 100 made-up instruments are published as fast as Kafka takes them while all services "
            "are at work, each in its process; the clock stops when every service has dealt with every record. The "
            "floor is the same number of processes in the same run: bare aiokafka loops that read the same topics "
            "and write as many records of the same size, copying bytes in place of deciding."
        ),
        facts=facts,
    )


BENCHMARK = Benchmark(name="pipeline", title="Whole pipeline", run=measure, order=10)
