"""What is to be looked at, each key once however often it is asked for, with growing pauses after failures."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import time
from typing import Final

from alpha_panda_operator.cluster.cache import Key

_JITTER: Final = 0.5


class WorkQueue:
    """Keys that are due, now or later; a key that is worked on is not given out a second time meanwhile."""

    def __init__(self, first_pause: float, longest_pause: float) -> None:
        """Nothing waits."""
        self._first, self._longest = first_pause, longest_pause
        self._order = itertools.count()
        self._heap: list[tuple[float, int, Key]] = []
        self._due: dict[Key, float] = {}
        self._busy: set[Key] = set()
        self._again: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        """Keys that are due or worked on; not those that are to be looked at again at a later time."""
        now = time.monotonic()
        return sum(due <= now for due in self._due.values()) + len(self._busy)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is kept of any key."""
        return not (self._due or self._busy or self._again or self._failures)

    def add(self, key: Key, delay: float = 0.0) -> None:
        """Have it looked at after so many seconds, or earlier where that was asked for already."""
        due = time.monotonic() + delay
        if key in self._busy:
            self._again[key] = min(due, self._again.get(key, due))
            return
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        heapq.heappush(self._heap, (due, next(self._order), key))
        self._changed.set()

    async def take(self) -> Key:
        """The next key that is due; `done` or `failed` must be called for it."""
        while True:
            self._changed.clear()
            now = time.monotonic()
            while self._heap and self._heap[0][0] <= now:
                due, _, key = heapq.heappop(self._heap)
                if self._due.get(key) == due and key not in self._busy:
                    del self._due[key]
                    self._busy.add(key)
                    return key
            wait = self._heap[0][0] - now if self._heap else None
            try:
                await asyncio.wait_for(self._changed.wait(), wait)
            except TimeoutError:
                continue

    def done(self, key: Key) -> None:
        """It was looked at, and all is well."""
        self._failures.pop(key, None)
        self._release(key)

    def failed(self, key: Key) -> float:
        """It was looked at in vain: it comes again after a pause, which is returned and grows each time."""
        count = self._failures.get(key, 0) + 1
        self._failures[key] = count
        longest = min(self._longest, self._first * 2.0 ** min(count - 1, 16))
        pause = longest * random.uniform(_JITTER, 1)  # noqa: S311 - no secret
        self._release(key)
        self.add(key, pause)
        return pause

    def _release(self, key: Key) -> None:
        self._busy.discard(key)
        again = self._again.pop(key, None)
        if again is not None:
            self.add(key, max(0.0, again - time.monotonic()))
