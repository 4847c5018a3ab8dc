"""What is tried on a copy of the source to find a planted bug. Prints one line of JSON: judgement, reasons, seconds."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tests.chaos.arena import PATIENCE_SECONDS, Arena
from tests.chaos.faults.deliveries import Poison
from tests.chaos.faults.fail_points import DieAt
from tests.chaos.faults.fault import Fault, MissedError
from tests.chaos.faults.processes import Kill, children
from tests.chaos.nemesis import Appointment
from tests.chaos.outcome import Outcome
from tests.chaos.trial import trial, undisturbed
from tests.chaos.verdict import Judgement, Ruling

from alpha_panda.checker.model import Log
from alpha_panda.runtime.fail_points import FailPoint

_PATIENCE_SECONDS = 90.0
"""A platform that stands still is found after this long."""
_DECIDING = ("strategy-runner", "paper.risk-manager", "paper.paper-trading", "paper.portfolio")
_UNIT = "unit:"
_POLL_SECONDS = 0.02


class KillWhileStalled(Fault):
    """A service dies while PostgreSQL does not answer it, and nobody else, so that what it has read is not stored."""

    kind = "kill while stalled"

    def __init__(self, service: str, seconds: float) -> None:
        self._service = service
        self._seconds = seconds
        self._pids: list[int] = []
        self.name = f"{service} killed while PostgreSQL does not answer it"

    async def inject(self, arena: Arena) -> str:
        leader = await arena.living("postgres")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := [pid for pid in children(leader) if self._serves(pid)]):
            if time.monotonic() > deadline:
                raise MissedError(f"PostgreSQL has no connection of {self._service}")
            await asyncio.sleep(_POLL_SECONDS)
        self._pids = found
        for pid in self._pids:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(self._seconds)
        return f"{len(self._pids)} connections stood still; {await Kill(self._service).inject(arena)}"

    async def heal(self, arena: Arena) -> None:
        _ = arena
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _serves(self, pid: int) -> bool:
        """PostgreSQL names the process of a connection after its user."""
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(f"postgres: {self._service} ".encode())


def killed() -> list[list[Appointment]]:
    """Deaths before writing, in the middle of it and around snapshots."""
    points = (FailPoint.BEFORE_PRODUCE, FailPoint.AFTER_SNAPSHOT, FailPoint.AMID_PRODUCE, FailPoint.BEFORE_COMMIT)
    return [
        [Appointment(20 + 8 * number + 70 * turn, DieAt(service, point)) for turn, point in enumerate(points)]
        for number, service in enumerate(_DECIDING)
    ]


def stalled() -> list[list[Appointment]]:
    """History dies with rows in its hands."""
    return [[Appointment(epoch, KillWhileStalled("history", 1.5)) for epoch in (40, 140)]]


def poisoned() -> list[list[Appointment]]:
    """Records that nobody can process, and a death after they were read."""
    chance = random.Random(1)  # noqa: S311 - the same records each time
    return [
        [
            Appointment(epoch, fault)
            for epoch, service in ((60, "paper.risk-manager"), (130, "paper.portfolio"), (200, "bar-builder"))
            for fault in (Poison(chance), DieAt(service, FailPoint.BEFORE_SNAPSHOT))
        ]
    ]


SCENARIOS = {"undisturbed": list[list[Appointment]], "killed": killed, "stalled": stalled, "poisoned": poisoned}


def run_tests(selection: str) -> Ruling:
    """Unit tests as a proof: PASS where all of them pass and there are some."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *selection.split()],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stdout.splitlines() if line.startswith("FAILED")] or [done.stdout[-300:]]
    return Ruling(Judgement.PASS if done.returncode == 0 else Judgement.FAIL, () if done.returncode == 0 else (*said,))


def run_scenario(name: str, reference: Path) -> Ruling:
    """A day under the scenario's faults, against the undisturbed day of the healthy source."""
    lanes: Sequence[Sequence[Appointment]] = SCENARIOS[name]()
    return asyncio.run(trial(_kept(reference), lanes, patience=_PATIENCE_SECONDS))


def _kept(path: Path) -> Outcome:
    """The undisturbed day, made by the first proof, which runs on healthy source."""
    if path.exists():
        kept: Outcome = pickle.loads(path.read_bytes())  # noqa: S301 - we wrote it
        return kept
    outcome = asyncio.run(undisturbed())
    path.write_bytes(pickle.dumps(replace(outcome, log=Log(records=()))))
    return outcome


def main(proof: str, reference: str) -> int:
    """Run one proof."""
    begun = time.monotonic()
    selection = proof.removeprefix(_UNIT)
    ruling = run_scenario(proof, Path(reference)) if selection == proof else run_tests(selection)
    told = {"judgement": ruling.judgement, "reasons": list(ruling.reasons[:3]), "seconds": time.monotonic() - begun}
    sys.stdout.write(f"{json.dumps(told)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
