"""The watch of a running service: time by a ticking timer, memory by a limit, hangs by a signal that ends the process.

While strategies are called, SIGALRM ticks five times in the budget of a call; between calls it stops. A tick
interrupts the call that it finds, by an exception, where that call has used its budget of processor time, or has
met so many ticks that it lasts four times as long (it waits for something). The clock is not read, because a
process that is stopped would be late by it, and what the kernel says that the thread has waited for a processor is
taken off: an innocent strategy is not blamed for a busy machine.
Ticks wait while code in C runs; such a call is judged when it comes back. A strategy that swallows the exception
is interrupted again at each tick; after twenty the process is given up, with a verdict for its next life (see
`call_notes`).

Code that never comes back to Python (`sum(range(10**15))`) is beyond exceptions: each tick winds up a timer of
processor time (SIGPROF), and where no tick was dealt with for `hang_seconds` of it, the kernel ends the process
after a trace of the thread that hung is written to the notes.

Memory: each tick that finds another call than the last sets the limit of the process' data (RLIMIT_DATA) to what
there is and the growth that one call may have; beyond, the allocation fails with a MemoryError in that call. Between
calls there is no limit.

A call costs two stores and a few assignments; a timer per call would be two system calls more. None of
this withstands a strategy that takes the signals away on purpose: its code is trusted not to be hostile.
"""

from __future__ import annotations

import faulthandler
import math
import os
import resource
import signal
import time
from types import FrameType
from typing import Final

import msgspec

from alpha_panda.strategy_runner.call_notes import CallNotes
from alpha_panda.strategy_runner.watch import Limits, OutOfTimeError

_TICKS: Final = 5
"""In the budget of a call."""
_WAITING: Final = 4
"""Budgets that a call may last without using the processor."""
_SWALLOWED: Final = 20
"""Interruptions of one call after which the process is given up."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_DATA: Final = 5
"""Field of /proc/self/statm: pages of data and stack."""
_IN_LINE: Final = 1
"""Field of /proc/self/schedstat: nanoseconds for which the main thread waited for a processor."""
GIVEN_UP: Final = 70
"""Exit code of a process that was given up: it recovers at the next start."""


class TickWatch:
    """One process' watch; made in the main thread, which then calls strategies. `close` takes it all back."""

    def __init__(self, limits: Limits, notes: CallNotes, hang_seconds: float = 5.0) -> None:
        """Nothing ticks before the first call."""
        self._limits = limits
        self._notes = notes
        self._hang_seconds = hang_seconds
        self._period = limits.milliseconds / 1000 / _TICKS
        self._calls = 0
        self._active = False
        self._patience = 1
        self._late = 0
        self._ticking = False
        self._seen = (0, 0)
        self._interruptions = 0
        self._spent = self._spent_before = (0.0, 0.0)
        self._statm = _opened("/proc/self/statm")
        self._schedstat = _opened("/proc/self/schedstat")
        self._limit, self._most = resource.getrlimit(resource.RLIMIT_DATA)
        self._base = self._known = self._data()
        self._former = signal.signal(signal.SIGALRM, self._tick)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        faulthandler.register(signal.SIGPROF, file=notes.hang_file, all_threads=False, chain=True)

    def begin(self, label: bytes, cause: bytes, patience: int) -> None:
        """Note whose call it is, then watch it."""
        self._notes.begin(label, cause)
        self._patience = patience
        self._late = 0
        self._calls += 1
        self._active = True
        if not self._ticking:
            self._start()

    def end(self) -> int:
        """Watch no more; how late it was."""
        self._active = False
        self._notes.end()
        return self._late

    def make_room(self) -> int:
        """Lift the limit until the next tick between calls."""
        self._set_limit(None)
        return max(0, self._data() - self._base)

    def has_grown(self) -> bool:
        """By half of what a strategy may keep, since this last said so."""
        now = self._data()
        if now - self._known < self._limits.state_bytes // 2:
            return False
        self._known = now
        return True

    def close(self) -> None:
        """No timer, no limit, the former handler."""
        self._active = False
        self._stop()
        faulthandler.unregister(signal.SIGPROF)
        signal.signal(signal.SIGALRM, self._former)
        for file in (self._statm, self._schedstat):
            if file is not None:
                os.close(file)

    def _start(self) -> None:
        self._ticking = True
        self._spent = self._times()
        self._rebase()
        signal.setitimer(signal.ITIMER_PROF, self._hang_seconds)
        signal.setitimer(signal.ITIMER_REAL, self._period, self._period)

    def _stop(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        self._set_limit(None)
        self._ticking = False

    def _tick(self, _number: int, _frame: FrameType | None) -> None:
        """In the main thread, between two instructions of whatever runs there."""
        if not self._ticking:
            return
        signal.setitimer(signal.ITIMER_PROF, self._hang_seconds)
        now, before = self._times(), self._spent
        self._spent = now
        call, count = self._seen
        if call != self._calls:
            self._seen = (self._calls, 0)
            self._interruptions = 0
            self._spent_before = before
            self._rebase()
        elif self._active:
            self._seen = (call, count + 1)
        else:
            self._stop()
            return
        if self._active:
            self._judge(now[0] - self._spent_before[0], now[1] - self._spent_before[1])

    def _judge(self, at_work: float, in_line: float) -> None:
        """Interrupt the call where it is out of time, by the seconds since the tick before it began."""
        budget = self._limits.milliseconds * self._patience
        ticked = (self._seen[1] * self._period - in_line) * 1000
        used = (at_work - self._period) * 1000
        if used < budget and ticked < budget * _WAITING:
            return
        self._late = math.ceil(max(ticked, used))
        self._interruptions += 1
        if self._interruptions > _SWALLOWED:
            self._give_up()
        raise OutOfTimeError(f"{self._late} ms")

    def _give_up(self) -> None:
        reason = f"it swallowed {_SWALLOWED} interruptions after its budget of {self._limits.milliseconds} ms"
        self._notes.condemn(reason, f"{self._late} ms")
        line = {"level": "critical", "event": "the runner gives itself up", "reason": f"a strategy's call: {reason}"}
        os.write(2, msgspec.json.encode(line) + b"\n")
        os._exit(GIVEN_UP)

    def _rebase(self) -> None:
        """Count the growth of the call that runs now, or comes next, from here."""
        self._base = self._data()
        self._set_limit(self._base + self._limits.growth_bytes if self._base else None)

    def _set_limit(self, most: int | None) -> None:
        limits = [each for each in (most, self._limit) if each not in (None, resource.RLIM_INFINITY)]
        resource.setrlimit(resource.RLIMIT_DATA, (min(limits, default=resource.RLIM_INFINITY), self._most))

    def _times(self) -> tuple[float, float]:
        """Seconds that the main thread was at work, and that it stood in line for a processor."""
        if self._schedstat is None:
            return time.thread_time(), 0.0
        return time.thread_time(), int(os.pread(self._schedstat, 64, 0).split()[_IN_LINE]) / 1e9

    def _data(self) -> int:
        """Bytes of data; 0 where the system does not tell, and then nothing is limited."""
        if self._statm is None:
            return 0
        return int(os.pread(self._statm, 256, 0).split()[_DATA]) * _PAGE


def _opened(path: str) -> int | None:
    """The file of this process, where the system has such files."""
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
