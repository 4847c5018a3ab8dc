"""Where the replay of a recording stands: it may wait until whoever trades by it is there, and its end is seen."""

from __future__ import annotations

import asyncio
from enum import StrEnum


class Stage(StrEnum):
    """How far a recording is."""

    NONE = "none"
    WAITS = "waits"
    RUNS = "runs"
    ENDED = "ended"


class Recording:
    """The recording of one exchange."""

    def __init__(self) -> None:
        """There is none."""
        self.stage = Stage.NONE
        self._begun = asyncio.Event()

    def begin(self) -> None:
        """Let it run; without effect where it does already, or where there is none."""
        self._begun.set()

    async def wait(self, *, held: bool) -> None:
        """Return when it may run: at once, unless it is held until `begin`."""
        if held:
            self.stage = Stage.WAITS
            await self._begun.wait()
        self.stage = Stage.RUNS

    def end(self) -> None:
        """All of it was traded."""
        self.stage = Stage.ENDED
