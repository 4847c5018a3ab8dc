"""One service's consume-decide-produce loop: each service drains the same backlog alone, then a bare loop does."""

from __future__ import annotations

import time
from typing import Final

from benchmarks.feeder import FeedOrder
from benchmarks.flow import FLOWS, TOPICS, Traffic, drained, traffic, workers
from benchmarks.load import broker, crossing
from benchmarks.result import Benchmark, Options, Result, Row
from benchmarks.stage import HISTORY, PIPELINE, Stage, staged
from benchmarks.worker import Worker

TICKS: Final = 200_000
_REACH: Final = 0.6
_BEYOND: Final = 0.85
_WAIT: Final = 0.1
"""Seconds between two looks: each makes the service tell its metrics, which takes from what is measured."""
_HISTORY_REACH: Final = 50_000
_HISTORY_BEYOND: Final = 200_000


def measure(options: Options) -> Result:
    """Publish the load with all services paused, then let one after the other at it."""
    rates: dict[str, list[float]] = {name: [] for name in PIPELINE}
    floors: dict[str, list[float]] = {name: [] for name in PIPELINE}
    with staged(options.folder, broker(), crossing()) as stage:
        for turn in range(options.repetitions):
            before = stage.ends(TOPICS)
            with stage.only():
                _publish(stage, turn)
            seconds = {name: _drain(stage, name) for name in PIPELINE}
            stage.wait(lambda: drained(stage, PIPELINE), "what came after is read, too")
            ran = traffic(stage, before)
            for name in PIPELINE:
                records = sum(ran.records[topic] for topic in FLOWS[name].reads)
                rates[name].append(records / seconds[name])
                floors[name].append(_bare(stage, ran, name, f"bare-{turn}."))
            shown = ", ".join(f"{name} {rates[name][-1]:,.0f} of {floors[name][-1]:,.0f}" for name in PIPELINE)
            options.say(f"services {turn + 1}, records/s: {shown}")
    return _result(rates, floors)


def _publish(stage: Stage, turn: int) -> None:
    order = FeedOrder(access=stage.access, count=TICKS, skip=turn * TICKS)
    with workers(Worker("benchmarks.feeder", order)) as (feeder,):
        feeder.go()
        feeder.result()


def _drain(stage: Stage, name: str) -> float:
    """Seconds until the service, alone, has dealt with what is there."""
    with stage.only(name):
        begun = time.monotonic()
        stage.wait(lambda: drained(stage, (name,)), f"{name} has read everything", _WAIT)
        return time.monotonic() - begun


def _bare(stage: Stage, ran: Traffic, name: str, copy: str) -> float:
    """Records a second of a bare loop that reads the very same records and writes as many bytes."""
    order = ran.alone(name, stage, f"{copy}{name}.")
    if order.writes:
        stage.make_topics(output.topic for output in order.writes)
    with stage.only(), workers(Worker("benchmarks.hop", order)) as (hop,):
        begun = time.monotonic()
        hop.go()
        hop.result()
        return sum(order.counts.values()) / (time.monotonic() - begun)


def _result(rates: dict[str, list[float]], floors: dict[str, list[float]]) -> Result:
    rows = [_row(name, tuple(rates[name]), tuple(floors[name])) for name in PIPELINE]
    return Result(
        rows=tuple(rows),
        compared=(
            f"The same load ({TICKS} ticks) is published with every service paused; then each service in the order of "
            "the pipeline is let run alone until it has dealt with all that is on its topics, and a bare aiokafka loop "
            "reads the very same records and writes as many of the same size. Processes that are paused take no time. "
            "To be reached is a ratio of 0.60, beyond it 0.85. History's ratio is to a loop that reads and stores "
            "nothing; a row is a record."
        ),
    )


def _row(name: str, rates: tuple[float, ...], floor: tuple[float, ...]) -> Row:
    if name == HISTORY:
        return Row(
            what="history, rows written",
            unit="rows/s",
            samples=rates,
            floor=floor,
            floor_is="a bare loop that reads the same records",
            reach=_HISTORY_REACH,
            beyond=_HISTORY_BEYOND,
        )
    return Row(
        what=f"{name} alone, consume-decide-produce",
        unit="records/s",
        samples=rates,
        floor=floor,
        floor_is="a bare loop over the same records",
        reach_ratio=_REACH,
        beyond_ratio=_BEYOND,
    )


BENCHMARK = Benchmark(name="services", title="One service at a time", run=measure, order=30)
