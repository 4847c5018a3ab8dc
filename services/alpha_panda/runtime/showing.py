"""What a service shows of itself beside its loop: a view in a store, which nothing is decided by.

A store that does not answer delays what people see and never the loop: neither exits nor entries wait for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from alpha_panda.domain.processor import Processor
from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.wiring import Effects

SHOW_SECONDS: Final = 1.0
"""How often there may be something new to see."""


class Shown(Protocol):
    """What is shown of: a task."""

    @property
    def processor(self) -> Processor:
        """Its core."""

    @property
    def tenure(self) -> Tenure:
        """Its owner."""


class Showing:
    """Calls `show` with the processor and owner of each task now and then, one time after the other."""

    def __init__(self, show: Effects | None, metrics: Metrics, seconds: float = SHOW_SECONDS) -> None:
        """Show nothing yet; without a `show` never."""
        self._show = show
        self._metrics = metrics
        self._seconds = seconds
        self._begun_at = 0.0
        self._under_way: asyncio.Task[None] | None = None
        self._log = structlog.get_logger()

    def turn(self, tasks: Sequence[Shown]) -> None:
        """Begin to show, where it is time to and nothing is on its way.

        Raises:
            FencedError, AuthenticationError: what the last time ended with, as a snapshot would.
        """
        if self._show is None or time.monotonic() - self._begun_at < self._seconds:
            return
        if self._under_way is not None:
            if not self._under_way.done():
                return
            self._under_way.result()
        self._begun_at = time.monotonic()
        self._under_way = asyncio.create_task(self._show_all(self._show, tuple(tasks)))

    async def _show_all(self, show: Effects, tasks: Sequence[Shown]) -> None:
        for task in tasks:
            try:
                await show(task.processor, task.tenure)
            except TransientError as error:
                self._log.warning("not shown", task=task.tenure.task, reason=str(error))
                self._metrics.retried()
