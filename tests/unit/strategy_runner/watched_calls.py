"""A program that makes calls as a runner does, on uvloop, and prints what became of each as a line of JSON.

    python -m tests.unit.strategy_runner.watched_calls NOTES CALL#INSTRUMENT@CAUSE...

It is a program because the watch needs the process' timers, which pytest has for itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from alpha_panda.strategy_runner.call_notes import CallNotes
from alpha_panda.strategy_runner.tick_watch import TickWatch
from alpha_panda.strategy_runner.verdicts import NonsenseError, Party
from alpha_panda.strategy_runner.warden import Warden
from alpha_panda.strategy_runner.watch import Limits

LIMITS = Limits(milliseconds=100, growth_bytes=64 * 1024 * 1024, state_bytes=16 * 1024 * 1024)
HANG_SECONDS = 1.0
SECOND = 1_000_000_000


def fine() -> str:
    return "fine"


def busy_for_a_while() -> str:
    """Half of the budget, so that ticks come and find nothing wrong."""
    end = time.thread_time_ns() + SECOND // 20
    while time.thread_time_ns() < end:
        pass
    return "fine"


def is_stopped_for_a_while() -> str:
    """As by a debugger, or a machine that is put to sleep: ten budgets long, and no fault of the strategy."""
    subprocess.Popen(["/bin/sh", "-c", f"sleep 1; kill -CONT {os.getpid()}"])  # noqa: S603 - our own words
    os.kill(os.getpid(), signal.SIGSTOP)
    return "fine"


def raises() -> None:
    raise ZeroDivisionError("nothing to divide by")


def leaves() -> None:
    sys.exit(3)


def nonsense() -> None:
    raise NonsenseError("returned 42")


def loops() -> None:
    while True:
        pass


def sleeps() -> None:
    time.sleep(60)


def swallows_once() -> str:
    try:
        loops()
    except BaseException:  # noqa: BLE001 - what a careless strategy does
        return "as if nothing had happened"


def swallows_all() -> None:
    while True:
        with suppress(BaseException):
            loops()


def slow_in_c() -> int:
    """Comes back after several budgets, having met no tick on its way."""
    return sum(range(15_000_000))


def never_back_from_c() -> int:
    return sum(range(10**15))


def allocates() -> None:
    kept = []
    while True:
        kept.append(bytearray(1024 * 1024))


def allocates_small() -> None:
    kept = []
    while True:
        kept.append([object()])


def exits() -> None:
    os._exit(0)


def dies() -> None:
    os.kill(os.getpid(), 9)


async def main(folder: Path, calls: list[str]) -> None:
    notes = CallNotes(folder, "runner")
    watch = TickWatch(LIMITS, notes, HANG_SECONDS)
    warden = Warden(LIMITS, watch, notes.docket, notes.fatal)
    for call in calls:
        name, _, cause = call.partition("@")
        if name == "idle":
            await asyncio.sleep(0.3)
            continue
        warden.about(cause or None)
        name, _, token = name.partition("#")
        do: Callable[[], Any] = globals()[name]
        party = Party(strategy=name, uid="u", generation=1, instrument_token=int(token or 7))
        result, found = warden.call(party, "on_bar", do)
        line = {"call": call, "result": result, "verdict": found, "resident": _resident()}
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()
        await asyncio.sleep(0)
    watch.close()
    notes.close()


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), sys.argv[2:]))
