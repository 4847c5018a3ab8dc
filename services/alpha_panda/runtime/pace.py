"""How fast others are asked: at most so many questions a second of all threads together, and longer pauses when told.

Whoever asks waits its turn first. Who is told that it was too much says so, and everybody waits: a second or so at
first, twice as long each time it happens again, with jitter, until an answer comes.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Final

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0


class Pace:
    """Turns of one address."""

    def __init__(  # noqa: PLR0913 - the clocks, each of which a test replaces by another
        self,
        per_second: float,
        *,
        first_pause: float = FIRST_PAUSE,
        longest_pause: float = LONGEST_PAUSE,
        ticking: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Nothing was asked yet; `chance` gives numbers from 0 to 1, and nobody sleeps longer than until `close`."""
        self._gap = 1 / per_second
        self._pauses = first_pause, longest_pause
        self._ticking = ticking
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._chance = chance
        self._lock = threading.Lock()
        self._next = ticking()
        self._refusals = 0

    def take_turn(self) -> None:
        """Wait until one more may be asked."""
        with self._lock:
            now = self._ticking()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            self._sleep(turn - now)

    def close(self) -> None:
        """Nobody is to ask any more: whoever waits for a turn has it now, and finds that the other end is gone."""
        self._closed.set()

    def answered(self) -> None:
        """It was not too much."""
        with self._lock:
            self._refusals = 0

    def refused(self) -> float:
        """It was too much: everybody waits for so many seconds."""
        first, longest = self._pauses
        with self._lock:
            whole = min(longest, first * 2.0**self._refusals)
            pause = whole * (1 + self._chance()) / 2
            self._refusals = min(self._refusals + 1, 30)
            self._next = max(self._next, self._ticking() + pause)
        return pause
