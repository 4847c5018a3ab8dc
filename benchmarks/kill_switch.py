"""The kill switch under load: how long after a press the last order that adds risk still goes out.

A made-up market trades all the time; `panda halt`'s own code presses, in turn for everything, a Broker, a
strategy, an instrument, with every store up and with each of them stopped (SIGSTOP) as it is pressed. What
counts is the time of the order's record on the log, against the press's call and its return.

`python -m benchmarks.kill_switch [--long] [--condition redis]` runs it alone: JSON on standard output, a
table on standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.local.halt_doors import find_doors
from alpha_panda.local.layout import Layout
from alpha_panda.operations.halt_door import Standing
from alpha_panda.operations.halting import Standings, press, release
from benchmarks.load import BROKER, broker, documents, instruments
from benchmarks.order_watch import OrderWatch
from benchmarks.result import Benchmark, Better, Options, Result, Row
from benchmarks.stage import Stage
from benchmarks.worker import ROOT, WorkerError

GOAL_MILLISECONDS: Final = 250.0
INSTRUMENTS: Final = 20
TICKS_A_SECOND: Final = 1000
CONDITIONS: Final = {"all up": (40, 200), "redis": (8, 40), "postgres": (4, 20), "kafka": (4, 12)}
"""By the store that is stopped: presses of the short run and of the long one."""
_HOLD_SECONDS: Final = 0.45
"""For how long it is watched after a press returns, or after the stopped store goes on."""
_FLOWS_SECONDS: Final = 1.0
"""An entry in scope is not older than this when it is pressed, or there would be nothing to stop."""
_PATIENCE_SECONDS: Final = 60.0
_STRATEGIES: Final = ("one", "two")


class Press(msgspec.Struct, frozen=True, kw_only=True):
    """What one press did; times of entries in milliseconds, 0 where none came after it."""

    condition: str
    scope: str
    doors: tuple[str, ...]
    press_milliseconds: float
    from_call: float
    from_return: float
    refused: int
    exits: int


async def measure(stage: Stage, condition: str, presses: int, say: Callable[[str], None]) -> list[Press]:
    """Press that often, each time while entries in scope go out."""
    names = [each.name for each in instruments()[:INSTRUMENTS]]
    turns = zip(cycle(HaltScope), cycle(names), cycle(_STRATEGIES), strict=False)
    found: list[Press] = []
    names_by_token = {each.token: each.name for each in instruments()}
    async with OrderWatch.over(stage.access, BROKER, names_by_token, decided=condition == "kafka") as watch:
        while len(found) < presses:
            scope, instrument, strategy = next(turns)
            subject = {"all": "", "broker": BROKER, "strategy": strategy, "instrument": instrument}[scope.value]
            await _flows(watch, scope, subject)
            found.append(await _press(stage, watch, condition, scope, subject))
            say(f"{condition}, {len(found)} of {presses}: {_told(found[-1])}")
    return found


def _told(each: Press) -> str:
    return (
        f"{each.scope}: last entry {each.from_call:.0f} ms after the call, {each.from_return:.0f} after the return "
        f"({each.press_milliseconds:.0f} ms later), {each.refused} refused, {each.exits} exits, "
        f"held by {', '.join(each.doors)}"
    )


async def _flows(watch: OrderWatch, scope: HaltScope, subject: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not watch.entries(scope, subject, time.time() - _FLOWS_SECONDS):
        if time.monotonic() > deadline:
            raise WorkerError(f"no entry of {scope} {subject} within {_PATIENCE_SECONDS:g} s: nothing to stop")
        await asyncio.sleep(0.02)


async def _press(stage: Stage, watch: OrderWatch, condition: str, scope: HaltScope, subject: str) -> Press:
    halt = TradingHalted(scope=scope, subject=subject, actor="benchmark", reason="measured")
    with _stopped(stage.layout, condition):
        called = time.time()
        reports = await press(find_doors(stage.layout), halt)
        returned = time.time()
        await asyncio.sleep(_HOLD_SECONDS)
    if condition in CONDITIONS and condition != "all up":
        await asyncio.sleep(_HOLD_SECONDS)
        await watch.catch_up()
    before_release = time.time()
    held = tuple(each.door for each in reports if each.done)
    if not held:
        raise WorkerError(f"no store took the halt with {condition} stopped: {reports}")
    resumed = TradingResumed(scope=scope, subject=subject, actor="benchmark", reason="measured")
    held_by = tuple(Standing(scope=scope, subject=subject, door=each, actor=None, reason="") for each in held)
    standing = Standings(halts=held_by, unreadable=())
    if not all(each.done for each in await release(find_doors(stage.layout), resumed, standing)):
        raise WorkerError(f"a store did not let go of the halt of {scope} {subject}")
    await watch.catch_up()
    last = max(watch.entries(scope, subject, called, before_release), default=called)
    return Press(
        condition=condition,
        scope=scope.value,
        doors=held,
        press_milliseconds=(returned - called) * 1000,
        from_call=max(0.0, last - called) * 1000,
        from_return=max(0.0, last - returned) * 1000,
        refused=watch.refused(scope, subject, called, before_release),
        exits=watch.exits(called, before_release),
    )


@contextmanager
def _stopped(layout: Layout, condition: str) -> Iterator[None]:
    """The store's process is stopped meanwhile: it neither answers nor refuses."""
    file = layout.run / f"{condition}.json"
    if not file.exists():
        yield
        return
    pid = msgspec.json.decode(file.read_bytes())["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def trading(folder: Path) -> Iterator[Stage]:
    """A platform whose two strategies enter and exit all the time; it is gone at the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "desk.yaml").write_text(documents(broker(), *_strategies()))
    data = folder / "data"
    stage: Stage | None = None
    try:
        market = ("--synthetic", str(INSTRUMENTS), "--rate", str(TICKS_A_SECOND))
        _panda(data, "up", "-f", str(folder / "desk.yaml"), *market)
        stage = Stage(data)
        stage.wait(stage.is_ready, "the services are ready")
        yield stage
    finally:
        if stage is not None:
            stage.close()
        _panda(data, "reset", "-y")


def _strategies() -> Iterable[dict[str, Any]]:
    listed = instruments()[:INSTRUMENTS]
    for number, name in enumerate(_STRATEGIES):
        mine = listed[number :: len(_STRATEGIES)]
        yield {
            "apiVersion": "alphapanda.io/v1alpha1",
            "kind": "Strategy",
            "metadata": {"name": name},
            "spec": {
                "strategy": "benchmarks.strategies:EveryTwentieth",
                "instruments": [{"exchange": str(each.exchange), "symbol": each.symbol} for each in mine],
                "timeframes": ["1m"],
                "brokers": [BROKER],
                "sizing": {"method": "FixedRisk", "riskPercent": "0.0001"},
                "levels": {"stopLossPercent": "5"},
            },
        }


def _panda(data: Path, *arguments: str) -> None:
    path = os.pathsep.join(str(ROOT / folder) for folder in ("services", "strategies", "."))
    command = [sys.executable, "-m", "alpha_panda", *arguments, "--data-dir", str(data)]
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode != 0:
        raise WorkerError(f"panda {arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all does not exceed; of a few values, one that was seen."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def run(options: Options, conditions: Sequence[str] = tuple(CONDITIONS), number: int | None = None) -> Result:
    """Press under each condition."""
    rows: list[Row] = []
    facts: dict[str, str] = {}
    with trading(options.folder) as stage:
        for condition in conditions:
            presses = asyncio.run(measure(stage, condition, number or CONDITIONS[condition][options.long], options.say))
            rows += _rows(condition, presses)
            facts |= _facts(condition, presses)
            options.say(f"kill switch, {condition}: p99 {rows[-2].value:.0f} ms after the return")
    return Result(
        rows=tuple(rows),
        facts=facts,
        compared=(
            "The time of the last entry order's record after a halt, against the press's call and its return; 0 where "
            "none came. With Kafka stopped, the time at which it was decided: one that was on its way is stamped when "
            "Kafka goes on. A press with a store stopped returns when that store's time is up, and holds long before."
        ),
    )


def _rows(condition: str, presses: list[Press]) -> Iterator[Row]:
    where = condition if condition == "all up" else f"{condition} stopped"
    for name, values in (
        ("call", [each.from_call for each in presses]),
        ("return", [each.from_return for each in presses]),
    ):
        for share, label in ((0.5, "p50"), (0.99, "p99"), (1.0, "max")):
            yield Row(
                what=f"last entry after the {name} of a press, {where}, {label}",
                unit="ms",
                samples=(percentile(values, share),),
                better=Better.LESS,
                reach=GOAL_MILLISECONDS if label == "p99" else None,
                note=f"{len(presses)} presses",
            )


def _facts(condition: str, presses: list[Press]) -> dict[str, str]:
    doors = Counter(door for each in presses for door in each.doors)
    scopes = Counter(each.scope for each in presses)
    return {
        f"{condition}: presses": ", ".join(f"{count} {scope}" for scope, count in sorted(scopes.items())),
        f"{condition}: stores that took them": ", ".join(f"{door} {count}" for door, count in sorted(doors.items())),
        f"{condition}: a press takes": f"{percentile([each.press_milliseconds for each in presses], 0.5):.0f} ms (p50)",
        f"{condition}: entries refused, exits submitted while halted": (
            f"{sum(each.refused for each in presses)}, {sum(each.exits for each in presses)}"
        ),
    }


BENCHMARK: Final = Benchmark(name="kill-switch", title="Kill switch: press to the last entry", run=run, order=60)


def main() -> None:
    """Run it alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--presses", type=int, help="Instead of the number that the run has.")
    parser.add_argument("--condition", choices=tuple(CONDITIONS), action="append")
    given = parser.parse_args()
    console = Console(stderr=True, width=180)
    with tempfile.TemporaryDirectory(prefix="kill-switch-") as folder:
        options = Options(folder=Path(folder), say=console.print, long=given.long)
        result = run(options, tuple(given.condition or CONDITIONS), given.presses)
    table = Table("what", "ms", "goal", "presses")
    for row in result.rows:
        table.add_row(row.what, f"{row.value:.1f}", f"{row.reach or ''}", row.note)
    console.print(table)
    for name, value in result.facts.items():
        console.print(f"{name}: {value}")
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(result)).decode() + "\n")


if __name__ == "__main__":
    main()
