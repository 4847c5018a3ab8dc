"""One step at a time: the desk decides, PostgreSQL has it, and only then anybody acts on it or hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import TypeVar

from alpha_panda.runtime.kafka import retried
from alpha_panda.zerodha_trading.desk import Desk
from alpha_panda.zerodha_trading.store import OrderStore

ResultT = TypeVar("ResultT")


class Ledger:
    """The only way to the desk for those who change it; steps never overlap, so rows are written in their order."""

    def __init__(self, desk: Desk, store: OrderStore) -> None:
        """Write what `desk` decides to `store`."""
        self.desk = desk
        self.store = store
        self.changed = asyncio.Event()
        """Something may be there to send, change or cancel."""
        self.told = asyncio.Event()
        """Events wait to be published."""
        self._lock = asyncio.Lock()

    async def step(self, act: Callable[[Desk], ResultT], claims: Collection[str] = ()) -> ResultT:
        """Decide and write.

        Raises:
            TransientError: PostgreSQL did not answer after several tries; the process must end, because what is in
                memory is no longer what is written.
            FencedError: another process owns the account by now.
        """
        async with self._lock:
            result = act(self.desk)
            changes = self.desk.take()
            if changes:
                await retried(lambda: self.store.save(changes, claims))
        if changes.events:
            self.told.set()
        if changes:
            self.changed.set()
        return result
