"""The operator on a real API server: edit to Ready, one look, memory, processor, and how long the next leader takes."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from benchmarks.operator_stage import LEASE_SECONDS, OperatorStage, in_time, operator_stage
from benchmarks.press_figures import percentile
from benchmarks.result import Benchmark, Better, Options, Result, Row

SIZES: Final = (1, 100, 1000)
TOGETHER: Final = 20
FOREIGN: Final = 2000
_EDITS: Final = 40
_IDLE_SECONDS: Final = 20.0
_REACH_SECONDS: Final = 5.0
_MEBIBYTE: Final = 2**20
_SHARES: Final = (0.5, 0.95)


def run(options: Options) -> Result:
    """Measure all of it on one API server."""
    return asyncio.run(_staged(options))


async def _staged(options: Options) -> Result:
    async with operator_stage(options.folder) as stage:
        return await asyncio.to_thread(measure, stage, options)


def measure(stage: OperatorStage, options: Options) -> Result:
    """Grow the installation, measure at each size, and end with what depends on no size."""
    rows: list[Row] = []
    for size in SIZES:
        rows += _at(stage, size)
        if size == SIZES[0]:
            rows.append(_together(stage))
        options.say(f"operator at {size:,} strategies: {_told(rows)}")
    rows += _cost(stage)
    options.say(f"operator: {_told(rows)}")
    rows.append(_foreign(stage))
    rows.append(_takeover(stage, options))
    options.say(f"operator: {_told(rows)}")
    return Result(
        rows=tuple(rows),
        facts={"edits at each size": str(_EDITS), "foreign Deployments": f"{FOREIGN:,} in the operator's namespace"},
        compared=(
            "One operator under its own Role on a real kube-apiserver and etcd, with the real stores; of every "
            "Deployment it is said at once that its pods serve. Strategies share one runner and one Broker. An edit "
            "changes a Strategy's state, one after the other; its clock runs until Ready is about the new spec. The "
            "floor is one write of a Strategy by the same client. A look's times come from the operator's own "
            "histogram, interpolated within its buckets."
        ),
    )


def _at(stage: OperatorStage, size: int) -> list[Row]:
    grown = stage.grow(size)
    floor = _floor(stage)
    before = stage.looks()
    times = [stage.edit(turn * 7 % stage.made) * 1000 for turn in range(_EDITS)]
    stage.settle()
    spent = {key: count - before.get(key, 0) for key, count in stage.looks().items()}
    at = f"{size:,} strategies" if size > 1 else "1 strategy"
    rows = [_less(f"{at}: edit → Ready, {_name(share)}", "ms", percentile(times, share), floor) for share in _SHARES]
    for kind in ("Strategy", "Platform"):
        rows += [
            _less(f"{at}: one look at {kind}, {_name(share)}", "ms", quantile(spent, kind, share) * 1000)
            for share in _SHARES
        ]
    return [*rows, _less(f"{at}: from the first write to all Ready", "s", grown)]


def _together(stage: OperatorStage) -> Row:
    times = stage.together(TOGETHER)
    what = f"{TOGETHER} strategies applied at once → Ready, p95"
    return Row(what=what, unit="s", samples=(percentile(times, 0.95),), better=Better.LESS, reach=_REACH_SECONDS)


def _floor(stage: OperatorStage) -> float:
    """Milliseconds of a write of a Strategy that changes nothing."""
    times = []
    for _ in range(_EDITS):
        began = time.monotonic()
        stage.apply(0)
        times.append((time.monotonic() - began) * 1000)
    stage.settle()
    return percentile(times, 0.5)


def _cost(stage: OperatorStage) -> list[Row]:
    """What the operator takes that has nothing to do."""
    stage.settle()
    spent, began = stage.operator.metric("process_cpu_seconds_total"), time.monotonic()
    time.sleep(_IDLE_SECONDS)
    share = (stage.operator.metric("process_cpu_seconds_total") - spent) / (time.monotonic() - began)
    at = f"{stage.made:,} strategies"
    return [
        _less(f"{at}: memory", "MiB", _memory(stage)),
        _less(f"{at}: processor while nothing happens", "% of a core", share * 100),
    ]


def _foreign(stage: OperatorStage) -> Row:
    """What Deployments of others add, which the operator asks for neither in lists nor in watches."""
    before, own = _memory(stage), {"app": "theirs"}
    template = {"metadata": {"labels": own}, "spec": {"containers": [{"name": "x", "image": "registry.example/x:1"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": own}, "template": template}
    for number in range(FOREIGN):
        stage.installed.create("Deployment", f"theirs-{number}", spec=spec)
    stage.edit(0)
    stage.settle()
    return _less(f"{FOREIGN:,} Deployments of others: more memory", "MiB", max(0.0, _memory(stage) - before))


def _takeover(stage: OperatorStage, options: Options) -> Row:
    """From the kill of the leader until another leads."""
    times = []
    for turn in range(options.repetitions):
        leader = stage.operator
        standby = stage.installed.start(f"standby-{turn}")
        began = time.monotonic()
        while standby.metric("panda_operator_leader") != 0:
            in_time(began, "the standby answers")
            time.sleep(0.1)
        leader.kill()
        began = time.monotonic()
        while standby.metric("panda_operator_leader") != 1:
            in_time(began, "the standby leads")
            time.sleep(0.02)
        times.append(time.monotonic() - began)
    return Row(
        what=f"kill -9 of the leader → another leads, lease {LEASE_SECONDS:g} s",
        unit="s",
        samples=tuple(times),
        better=Better.LESS,
        reach=LEASE_SECONDS + 5.0,
    )


def quantile(looks: dict[tuple[str, float], float], kind: str, share: float) -> float:
    """Seconds that this share of the looks did not exceed, interpolated within a bucket as Prometheus does."""
    buckets = sorted((bound, count) for (of, bound), count in looks.items() if of == kind)
    wanted = buckets[-1][1] * share
    below, counted = 0.0, 0.0
    for bound, count in buckets:
        if count >= wanted:
            if bound == float("inf") or count == counted:
                return below
            return below + (bound - below) * (wanted - counted) / (count - counted)
        below, counted = bound, count
    return below


def _memory(stage: OperatorStage) -> float:
    return stage.operator.metric("process_resident_memory_bytes") / _MEBIBYTE


def _less(what: str, unit: str, value: float, floor: float | None = None) -> Row:
    floors = () if floor is None else (floor,)
    said = "" if floor is None else "one write"
    return Row(what=what, unit=unit, samples=(value,), better=Better.LESS, floor=floors, floor_is=said)


def _name(share: float) -> str:
    return f"p{share * 100:.0f}"


def _told(rows: list[Row]) -> str:
    return "; ".join(f"{row.what} {row.value:.2f} {row.unit}" for row in rows[-8:])


BENCHMARK = Benchmark(name="operator", title="The operator", run=run, order=110)
