"""Keeps the stores running: one that ends by itself is started again, with growing pauses, and that is told.

Services recover by themselves when a store is back; whoever holds a connection is told by `restarted`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

import structlog

from alpha_panda.errors import PandaError
from alpha_panda.local.layout import disk_note
from alpha_panda.local.service_process import FIRST_PAUSE, LONGEST_PAUSE, STEADY_SECONDS, ended
from alpha_panda.local.status_file import ServiceState, StoreStatus
from alpha_panda.local.stores import READY_SECONDS, Store


class StoreKeeper:
    """Watches stores that are running; `keep()` goes on until it is cancelled."""

    def __init__(self, stores: Iterable[Store], restarted: Callable[[], None]) -> None:
        """Call `restarted` whenever a store serves again."""
        self._kept = [_Kept(store, restarted) for store in stores]

    @property
    def status(self) -> tuple[StoreStatus, ...]:
        """What is known of each store, by name."""
        return tuple(sorted((kept.status for kept in self._kept), key=lambda each: each.name))

    async def keep(self) -> None:
        """Start again what ends."""
        async with asyncio.TaskGroup() as group:
            for kept in self._kept:
                group.create_task(kept.keep())


class _Kept:
    def __init__(self, store: Store, restarted: Callable[[], None]) -> None:
        self._store = store
        self._restarted = restarted
        self._state = ServiceState.RUNNING
        self._restarts = 0
        self._reason = ""
        self._log = structlog.get_logger()

    @property
    def status(self) -> StoreStatus:
        return StoreStatus(
            name=self._store.name,
            state=self._state,
            pid=self._store.process.pid,
            restarts=self._restarts,
            reason=self._reason,
        )

    async def keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            code = await self._store.process.ended()
            if time.monotonic() - began >= STEADY_SECONDS:
                pause = FIRST_PAUSE
            self._failed(f"{self._store.process.name} {_ended(code)}{disk_note(self._store.process.log.parent)}")
            while True:
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
                if await self._start_again():
                    break

    async def _start_again(self) -> bool:
        self._restarts += 1
        try:
            await self._store.stop()
            await self._store.prepare()
            await self._store.start()
            await self._store.wait_ready(READY_SECONDS)
        except PandaError as error:
            self._failed(str(error))
            return False
        self._state = ServiceState.RUNNING
        self._log.info("store serves again", store=self._store.name, restarts=self._restarts)
        self._restarted()
        return True

    def _failed(self, reason: str) -> None:
        self._state, self._reason = ServiceState.BACK_OFF, reason
        self._log.error("store ended and is started again", store=self._store.name, reason=reason)


def _ended(code: int) -> str:
    return f"was {ended(code)}" if code < 0 else f"ended with {ended(code)}"
