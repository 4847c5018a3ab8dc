"""Resident memory of each service under steady load, and whether it grows."""

from __future__ import annotations

import time
from statistics import linear_regression, median
from typing import Final

from benchmarks.feeder import FeedOrder
from benchmarks.flow import workers
from benchmarks.load import broker, crossing
from benchmarks.result import Benchmark, Better, Line, Options, Plot, Result, Row
from benchmarks.stage import Stage, resident_megabytes, staged
from benchmarks.worker import Worker

RATE, LONG_RATE = 1_000, 250
"""Ticks a second; for twenty minutes so many as leave the machine to others, too."""
MINUTES, LONG_MINUTES = 2, 20
_WARM_UP: Final = 0.4
"""The part of the run in which a service may still fill its buffers and caches."""
_REACH_MEGABYTES, _BEYOND_MEGABYTES = 80, 60
_REACH_GROWTH: Final = 5
"""MB an hour."""


def measure(options: Options) -> Result:
    """Watch every process once a second."""
    minutes, rate = (LONG_MINUTES, LONG_RATE) if options.long else (MINUTES, RATE)
    with staged(options.folder, broker(), crossing()) as stage:
        seen = _watch(stage, minutes * 60, rate, options)
    return _result(seen, minutes, rate)


def _watch(stage: Stage, seconds: int, rate: int, options: Options) -> dict[str, list[tuple[float, float]]]:
    """By service: seconds since the start, and MB."""
    pids = {name: pid for name, pid in stage.pids().items() if name != "market-feed"}
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in pids}
    order = FeedOrder(access=stage.access, count=rate * seconds, rate=rate, bundle=max(1, rate // 100))
    options.say(f"memory: {seconds // 60} minutes at {rate:,} ticks/s")
    with workers(Worker("benchmarks.feeder", order)) as (feeder,):
        feeder.go()
        begun = time.monotonic()
        while (now := time.monotonic() - begun) < seconds:
            for name, pid in pids.items():
                seen[name].append((now, resident_megabytes(pid)))
            time.sleep(1)
    return seen


def _result(seen: dict[str, list[tuple[float, float]]], minutes: int, rate: int) -> Result:
    rows = []
    for name, points in seen.items():
        settled = points[int(len(points) * _WARM_UP) :]
        megabytes = tuple(each for _, each in settled)
        slope, _ = linear_regression([at / 3600 for at, _ in settled], megabytes)
        rows += [
            Row(
                what=f"{name}, resident",
                unit="MB",
                samples=(median(megabytes),),
                better=Better.LESS,
                reach=_REACH_MEGABYTES,
                beyond=_BEYOND_MEGABYTES,
            ),
            Row(
                what=f"{name}, growth",
                unit="MB/hour",
                samples=(slope,),
                better=Better.LESS,
                reach=_REACH_GROWTH if minutes >= LONG_MINUTES else None,
                note="" if minutes >= LONG_MINUTES else "of two minutes: only the long run tells",
            ),
        ]
    lines = tuple(
        Line(name=name, x=tuple(at / 60 for at, _ in points), y=tuple(each for _, each in points))
        for name, points in seen.items()
    )
    plot = Plot(file="memory", title="Resident memory", x_label="minutes", y_label="MB", lines=lines)
    return Result(
        rows=tuple(rows),
        plots=(plot,),
        compared=(
            f"{rate:,} ticks a second of 100 instruments for {minutes} minutes with the EMA crossing at work; the "
            "resident memory of each process is read from /proc once a second. Growth is the slope of a straight line "
            f"through all but the first {_WARM_UP:.0%}."
        ),
    )


BENCHMARK = Benchmark(name="memory", title="Memory", run=measure, order=50)
