"""Does a service answer? Asked each second beside its process, because one that is stopped cannot tell.

A process that has just started may take its time: only one that has answered and no longer does is silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from alpha_panda.local.ports import HOST

ANSWER_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 1.0
_MISSES: Final = 2
"""Questions in a row without an answer; one alone is a busy machine."""
_QUESTION: Final = b"GET /healthz HTTP/1.0\r\n\r\n"


class AnswerWatch:
    """One service's answers, over all its processes."""

    def __init__(self) -> None:
        """Nothing was asked."""
        self._answered: datetime | None = None
        self._missed = 0

    @property
    def silent_since(self) -> datetime | None:
        """When it answered last, where it no longer does."""
        return self._answered if self._missed >= _MISSES else None

    def begin(self) -> None:
        """A new process starts."""
        self._answered, self._missed = None, 0

    def note(self, at: datetime, *, answered: bool) -> None:
        """A question was put at that time, and what became of it."""
        if answered:
            self._answered, self._missed = at, 0
        elif self._answered is not None:
            self._missed += 1

    async def ask_on(self, port: Callable[[], int]) -> None:
        """Ask until cancelled."""
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            at = datetime.now(UTC)
            self.note(at, answered=await answers(port()))


async def answers(port: int) -> bool:
    """Whether something on this port speaks HTTP, whatever it says."""
    with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(_QUESTION)
                await reader.readexactly(len(b"HTTP/"))
                return True
            finally:
                writer.close()
    return False
