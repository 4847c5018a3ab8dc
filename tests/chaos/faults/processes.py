"""Processes that are killed or stand still: services and stores."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from tests.chaos.arena import PATIENCE_SECONDS, Arena
from tests.chaos.faults.fault import Fault, MissedError

SERVICES = (
    "market-feed",
    "bar-builder",
    "strategy-runner",
    "paper.risk-manager",
    "paper.paper-trading",
    "paper.portfolio",
    "history",
)
"""Those with a loop; the api has none."""
_POLL_SECONDS = 0.02
_STOPPED = "T"


class Kill(Fault):
    """A process that gets a signal and dies of it."""

    def __init__(self, target: str, number: signal.Signals = signal.SIGKILL, kind: str = "kill") -> None:
        self.kind = kind
        self._target = target
        self._number = number
        self.name = f"{number.name} {target}"

    async def inject(self, arena: Arena) -> str:
        pid = await arena.living(self._target)
        os.kill(pid, self._number)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while _state(pid) not in ("", "Z"):
            if time.monotonic() > deadline:
                raise MissedError(f"{self._target} (process {pid}) lives on after {self._number.name}")
            await asyncio.sleep(_POLL_SECONDS)
        return f"process {pid} is gone"


class Freeze(Fault):
    """A process that stands still for longer than anybody waits for it, and goes on."""

    kind = "stop"

    def __init__(self, target: str, seconds: float, kind: str = "stop") -> None:
        self.kind = kind
        self._target = target
        self.hold = seconds
        self.name = f"SIGSTOP {target} for {seconds:g} s"
        self._pids: list[int] = []

    async def inject(self, arena: Arena) -> str:
        leader = await arena.living(self._target)
        self._pids = [leader, *children(leader)]
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while _state(leader) != _STOPPED:
            if time.monotonic() > deadline:
                raise MissedError(f"{self._target} (process {leader}) does not stand still")
            await asyncio.sleep(_POLL_SECONDS)
        return f"process {leader} stood still"

    async def heal(self, arena: Arena) -> None:
        _ = arena
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _state(pid: int) -> str:
    """The state of a process as /proc tells it; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def children(pid: int) -> list[int]:
    """A server's own children: PostgreSQL serves each client by one."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
