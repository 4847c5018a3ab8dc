"""Who a process is: its id is used again one day, its start time since boot tells it from the one before."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_STATE, _START_TIME = 0, 19
"""Fields of /proc/PID/stat after the command's closing bracket (proc(5): 3 state, 22 starttime)."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A process: `started` is in clock ticks since `boot`."""

    pid: int
    started: int
    boot: str


def identify(pid: int) -> Identity | None:
    """Who process `pid` is at this moment; None where there is none or it is dead and unburied."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = _BOOT.read_text().strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[_STATE] in {"Z", "X"}:
        return None
    return Identity(pid=pid, started=int(fields[_START_TIME]), boot=boot)


def start_time(pid: int) -> int | None:
    """When process `pid` started, in clock ticks since boot; None where there is none."""
    found = identify(pid)
    return found.started if found is not None else None


def own_start_time() -> int:
    """This process' start time."""
    started = start_time(os.getpid())
    if started is None:
        raise RuntimeError("this process is not in /proc")
    return started
