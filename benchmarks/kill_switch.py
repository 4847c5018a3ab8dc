"""The kill switch under load: how long after a press the last order that adds risk still goes out.

A made-up market trades all the time; the command, the API and the dashboard's button press, in turn for everything,
a Broker, a strategy, an instrument, with every store up and with each of them stopped (SIGSTOP) as it is pressed. What
counts is the time of the order's record on the log, against the press's call; against its return where a program
starts first.

`python -m benchmarks.kill_switch [--long] [--condition redis]` runs it alone: JSON on standard output, a
table on standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
from alpha_panda.operations.halting import Standings, release
from benchmarks.load import BROKER, broker, documents, instruments
from benchmarks.order_watch import OrderWatch
from benchmarks.press_figures import Press, facts_of, rows_of, spread
from benchmarks.press_ways import Way, ways
from benchmarks.result import Benchmark, Options, Result
from benchmarks.stage import Stage, run_panda, send
from benchmarks.worker import WorkerError

INSTRUMENTS: Final = 20
TICKS_A_SECOND: Final = 1000
CONDITIONS: Final = {"all up": (10, 32), "redis": (4, 11), "postgres": (4, 11), "kafka": (4, 11)}
"""By the store that is stopped: presses in each way, of the short run and of the long one."""
_HOLD_SECONDS: Final = 0.4
"""For how long a store is stopped and watched; at the first press of each way, for so long after its return."""
_AFTER_SECONDS: Final = 0.2
"""For how long it is watched after the stopped store goes on."""
_FLOWS_SECONDS: Final = 1.0
"""An entry in scope is not older than this when it is pressed, or there would be nothing to stop."""
_PATIENCE_SECONDS: Final = 60.0
_STRATEGIES: Final = ("one", "two")


async def measure(stage: Stage, condition: str, presses: int, say: Callable[[str], None]) -> list[Press]:
    """Press that often in each way, each time while entries in scope go out."""
    names_by_token = {each.token: each.name for each in instruments()}
    names = list(names_by_token.values())[:INSTRUMENTS]
    turns = zip(cycle(HaltScope), cycle(names), cycle(_STRATEGIES), strict=False)
    found: list[Press] = []
    watching = OrderWatch.over(stage.access, BROKER, names_by_token, decided=condition == "kafka")
    async with ways(stage) as every, watching as watch:
        for number, way in ((number, way) for number in range(presses) for way in every):
            if number >= max(1, presses * way.share):
                continue
            turn, instrument, strategy = next(turns)
            scope = way.scope(turn)
            subject = {"all": "", "broker": BROKER, "strategy": strategy, "instrument": instrument}[scope.value]
            await _flows(watch, scope, subject)
            found.append(await _Pressing(stage, watch, condition, way, scope, subject).watched(patient=number == 0))
            say(f"{condition}, {len(found)}: {_told(found[-1])}")
    return found


def _told(each: Press) -> str:
    return (
        f"{each.way}, {each.scope}: last entry {each.from_call:.0f} ms after the call, {each.from_return:.0f} after "
        f"the return ({each.press_milliseconds:.0f} ms later), {each.refused} refused, {each.exits} exits, "
        f"held by {', '.join(each.doors)}"
    )


async def _flows(watch: OrderWatch, scope: HaltScope, subject: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not watch.entries(scope, subject, time.time() - _FLOWS_SECONDS):
        if time.monotonic() > deadline:
            raise WorkerError(f"no entry of {scope} {subject} within {_PATIENCE_SECONDS:g} s: nothing to stop")
        await asyncio.sleep(0.02)


@dataclass(frozen=True)
class _Pressing:
    """One press, from its call to the release of what it halted."""

    stage: Stage
    watch: OrderWatch
    condition: str
    way: Way
    scope: HaltScope
    subject: str

    async def watched(self, *, patient: bool) -> Press:
        """Press and watch; where `patient`, the store stays stopped until the press returns."""
        watch, where = self.watch, (self.scope, self.subject)
        with _stopped(self.stage.layout, self.condition):
            called = time.time()
            pressing = asyncio.create_task(self._press())
            if patient or self.way.waits_for_start:
                await asyncio.wait({pressing})
            await asyncio.sleep(_HOLD_SECONDS)
        held, returned = await pressing
        await asyncio.sleep(_AFTER_SECONDS)
        await watch.catch_up()
        before_release = time.time()
        await self._release(held)
        await watch.catch_up()
        last = max(watch.entries(*where, called, before_release), default=called)
        return Press(
            condition=self.condition,
            way=self.way.name,
            starts=self.way.waits_for_start,
            scope=self.scope.value,
            doors=held,
            press_milliseconds=(returned - called) * 1000,
            from_call=max(0.0, last - called) * 1000,
            from_return=max(0.0, last - returned) * 1000,
            refused=watch.refused(*where, called, before_release),
            exits=watch.exits(called, before_release),
        )

    async def _press(self) -> tuple[tuple[str, ...], float]:
        halt = TradingHalted(scope=self.scope, subject=self.subject, actor="benchmark", reason="measured")
        held = await self.way.press(halt)
        if not held:
            raise WorkerError(f"no store took the halt with {self.condition} stopped")
        return held, time.time()

    async def _release(self, held: tuple[str, ...]) -> None:
        resumed = TradingResumed(scope=self.scope, subject=self.subject, actor="benchmark", reason="measured")
        held_by = tuple(
            Standing(scope=self.scope, subject=self.subject, door=each, actor=None, reason="") for each in held
        )
        standing = Standings(halts=held_by, unreadable=())
        if not all(each.done for each in await release(find_doors(self.stage.layout), resumed, standing)):
            raise WorkerError(f"a store did not let go of the halt of {self.scope} {self.subject}")


@contextmanager
def _stopped(layout: Layout, condition: str) -> Iterator[None]:
    """The store's processes are stopped meanwhile: it neither answers nor refuses, also on connections that it has."""
    file = layout.run / f"{condition}.json"
    if not file.exists():
        yield
        return
    pid = msgspec.json.decode(file.read_bytes())["pid"]
    stopped = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    for each in stopped:
        send(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in stopped:
            send(each, signal.SIGCONT)


@contextmanager
def trading(folder: Path) -> Iterator[Stage]:
    """A platform whose two strategies enter and exit all the time; it is gone at the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "desk.yaml").write_text(documents(broker(), *_strategies()))
    data = folder / "data"
    stage: Stage | None = None
    try:
        market = ("--synthetic", str(INSTRUMENTS), "--rate", str(TICKS_A_SECOND))
        run_panda(data, "up", "-f", str(folder / "desk.yaml"), *market)
        stage = Stage(data)
        stage.wait(stage.is_ready, "the services are ready")
        yield stage
    finally:
        if stage is not None:
            stage.close()
        run_panda(data, "reset", "-y")


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


def run(options: Options, conditions: Sequence[str] = tuple(CONDITIONS), number: int | None = None) -> Result:
    """Press under each condition."""
    found: list[Press] = []
    with trading(options.folder) as stage:
        for condition in conditions:
            found += asyncio.run(measure(stage, condition, number or CONDITIONS[condition][options.long], options.say))
    rows = [row for condition in conditions for row in rows_of(condition, found)]
    rows += spread("every way but the program, every condition", [each.from_call for each in found if not each.starts])
    return Result(
        rows=tuple(rows),
        facts={name: value for condition in conditions for name, value in facts_of(condition, found).items()},
        compared=(
            "The time of the last entry order's record after a halt, against the press's call; 0 where none came. "
            "`panda halt` as a program counts from its return, since it starts first. With Kafka stopped, the time at "
            "which it was decided: one that was on its way is stamped when Kafka goes on. The first press of each way "
            "is waited for while its store is stopped, which is what a press is said to take at most."
        ),
    )


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
