"""How long a killed service takes until it decides again, with a million ticks on the log.

The risk manager is killed while signals come all the time. The clock runs from the kill to the first
verdict that is written afterwards; the supervisor's own pause before a restart is part of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import Final

import asyncpg

from alpha_panda.events.envelope import decode_header
from alpha_panda.events.topics import SIGNALS_REJECTED, SIGNALS_VALIDATED
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.postgres import ADMIN, DATABASE
from alpha_panda.local.service_process import STEADY_SECONDS
from benchmarks.clients import consumer
from benchmarks.feeder import FeedOrder
from benchmarks.flow import drained, name_of, workers
from benchmarks.load import BROKER, broker, on_ticks
from benchmarks.result import Benchmark, Better, Options, Result, Row
from benchmarks.stage import RISK, RUNNER, Stage, staged
from benchmarks.worker import Worker, WorkerError

RECORDS: Final = 1_000_000
RATE: Final = 500
_PARTS: Final = 4
_PATIENCE_SECONDS: Final = 120.0
_VERDICTS: Final = tuple(map(name_of, (SIGNALS_VALIDATED, SIGNALS_REJECTED)))


def measure(options: Options) -> Result:
    """Fill the log, then kill, with a snapshot to come back from and without one."""
    with staged(options.folder, broker(), on_ticks()) as stage, stage.only(RUNNER, RISK):
        for part in range(_PARTS):
            _publish(stage, RECORDS // _PARTS, part * (RECORDS // _PARTS))
        options.say(f"restart: {RECORDS:,} ticks are on the log")
        stage.wait(lambda: drained(stage, (RUNNER, RISK)), "all ticks are read")
        order = FeedOrder(access=stage.access, count=RATE * 600, skip=RECORDS, rate=RATE, bundle=max(RATE // 100, 1))
        with workers(Worker("benchmarks.feeder", order)) as (feeder,):
            feeder.go()
            kept = [_kill(stage, options, keep=True) for _ in range(max(options.repetitions - 1, 1))]
            lost = _kill(stage, options, keep=False)
    return _result(kept, lost)


def _publish(stage: Stage, count: int, skip: int) -> None:
    order = FeedOrder(access=stage.access, count=count, skip=skip)
    with workers(Worker("benchmarks.feeder", order)) as (feeder,):
        feeder.go()
        feeder.result()


def _kill(stage: Stage, options: Options, *, keep: bool) -> float:
    """Seconds without a verdict, after the service has been steady for so long that it is restarted at once."""
    time.sleep(STEADY_SECONDS)
    pid = stage.pid(RISK)
    if not keep:
        os.kill(pid, signal.SIGSTOP)
        asyncio.run(_forget(stage))
    starts = stage.ends(_VERDICTS)
    killed = time.time()
    os.kill(pid, signal.SIGKILL)
    seconds = asyncio.run(_next_verdict(stage, starts, killed)) - killed
    options.say(f"restart: {seconds:.2f} s {'with' if keep else 'without'} its snapshot")
    return seconds


async def _forget(stage: Stage) -> None:
    """Delete the service's snapshot."""
    connection = await asyncpg.connect(
        host=HOST,
        port=Ports(stage.layout).known("postgres"),
        user=ADMIN,
        password=stage.layout.secret("postgres-admin"),
        database=DATABASE,
    )
    try:
        await connection.execute(f'DELETE FROM "{BROKER}".snapshots WHERE service = $1', RISK)  # noqa: S608 — names are ours
    finally:
        await connection.close()


async def _next_verdict(stage: Stage, starts: dict[str, int], killed: float) -> float:
    """When the first verdict after the kill was written."""
    watcher = await consumer(stage.access, starts)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    try:
        while time.monotonic() < deadline:
            for records in (await watcher.getmany(timeout_ms=100)).values():
                for record in records:
                    written = decode_header(record.value).timestamp.timestamp()
                    if written > killed:
                        return written
    finally:
        await watcher.stop()
    raise WorkerError(f"no verdict within {_PATIENCE_SECONDS:g} s after the kill")


def _result(kept: list[float], lost: float) -> Result:
    what = f"kill -9 → next decision, {RECORDS:,} ticks on the log"
    rows = (
        Row(what=f"{what}, from its snapshot", unit="s", samples=tuple(kept), better=Better.LESS),
        Row(what=f"{what}, without a snapshot", unit="s", samples=(lost,), better=Better.LESS),
    )
    return Result(
        rows=rows,
        compared=(
            f"The risk manager is killed with SIGKILL while {RATE} ticks a second bring it signals; the supervisor "
            "restarts it. From its snapshot it reads what came after it; without one (the row is deleted while the "
            "process is stopped) it reads its own verdicts and all ticks again from the beginning of the log."
        ),
    )


BENCHMARK = Benchmark(name="restart", title="Restart to trading", run=measure, order=60)
