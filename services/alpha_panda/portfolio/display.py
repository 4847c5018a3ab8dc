"""What people see of the account: written with each snapshot, and again where Redis has lost it.

Redis is only a cache, and it may lose everything when nothing happens any more that would lead to a snapshot.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from alpha_panda.portfolio.read_model import ReadModelWriter
from alpha_panda.portfolio.views import ReadModel
from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.ownership import Tenure

LOOK_SECONDS: Final = 2.0
"""How often somebody looks whether it is still there."""


class Display:
    """The read model as it was shown last."""

    def __init__(self, writer: ReadModelWriter, metrics: Metrics, seconds: float = LOOK_SECONDS) -> None:
        """Show nothing yet."""
        self._writer = writer
        self._metrics = metrics
        self._seconds = seconds
        self._last: tuple[ReadModel, Tenure] | None = None
        self._writing = asyncio.Lock()
        self._log = structlog.get_logger()

    async def show(self, model: ReadModel, tenure: Tenure) -> None:
        """Replace what is shown; where Redis does not answer, it comes later."""
        self._last = model, tenure
        await self._write_last()

    async def keep(self) -> None:
        """Show it again wherever it is gone, until this is cancelled; raises FencedError as a snapshot does."""
        while True:
            await asyncio.sleep(self._seconds)
            if self._last is not None and not await self._is_there():
                await self._write_last()

    async def _is_there(self) -> bool:
        try:
            return await self._writer.is_there()
        except TransientError:
            return True  # who does not answer would not take it either

    async def _write_last(self) -> None:
        """One after the other, so that what is shown in the end is the last."""
        async with self._writing:
            if self._last is None:
                return
            try:
                await self._writer.write(*self._last)
            except TransientError as error:
                self._log.warning("read model not written", reason=str(error))
                self._metrics.retried()
