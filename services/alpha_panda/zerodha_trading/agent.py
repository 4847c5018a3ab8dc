"""Does what the agenda says, as fast as the account may: exits first, each request beside the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from alpha_panda.domain.order_terms import Refusal
from alpha_panda.events.orders import Leg
from alpha_panda.runtime.order_settings import ExchangeOrderSettings
from alpha_panda.zerodha_trading.agenda import to_cancel, to_modify, to_send
from alpha_panda.zerodha_trading.ledger import Ledger
from alpha_panda.zerodha_trading.rates import Departure, Rates
from alpha_panda.zerodha_trading.sender import Sender, settle
from alpha_panda.zerodha_trading.standing import Locks

Ask = Callable[[Departure], Coroutine[Any, Any, None]]
"""A request, which tells when it leaves."""
_TURN_SECONDS = 0.05


class Agent:
    """Turns the agenda into requests."""

    def __init__(
        self, ledger: Ledger, sender: Sender, rates: Rates, locks: Locks, settings: ExchangeOrderSettings
    ) -> None:
        """Nothing is on its way."""
        self._ledger, self._sender, self._rates, self._locks = ledger, sender, rates, locks
        self._settings = settings
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._asked_at: dict[str, float] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop; then what is on its way is waited for."""
        try:
            while not stopping.is_set():
                self._ledger.changed.clear()
                await self._turn()
                self._raise_failures()
                try:
                    await asyncio.wait_for(self._ledger.changed.wait(), _TURN_SECONDS)
                except TimeoutError:
                    continue
        finally:
            await settle(set(self._under_way.values()))

    async def _turn(self) -> None:
        desk = self._ledger.desk
        await self._refuse_late()
        if self._locks.session or self._sender.gateway is None:
            return
        for record in to_send(desk.book, desk.legs):
            name = record.order.order_id
            if name in self._under_way:
                continue
            if not self._rates.may_place(time.monotonic(), entry=record.order.leg is Leg.ENTRY):
                break
            self._begin(name, partial(self._sender.send, name))
        for record, part in to_cancel(desk.book):
            self._ask(f"cancel {part}", partial(self._sender.cancel, record, part))
        for record, part, quantity in to_modify(desk.book):
            self._ask(f"modify {part}", partial(self._sender.modify, record, part, quantity))

    def _ask(self, name: str, ask: Ask) -> None:
        """Ask for a change, not again before the last answer had its time."""
        now = time.monotonic()
        recent = now - self._asked_at.get(name, -1e9) < self._settings.retry_seconds
        if name in self._under_way or recent or not self._rates.may_ask(now):
            return
        self._asked_at[name] = now
        self._begin(name, ask)

    def _begin(self, name: str, ask: Ask) -> None:
        departure = self._rates.request()
        task = asyncio.create_task(ask(departure))
        task.add_done_callback(lambda _: departure.close())
        self._under_way[name] = task

    def _raise_failures(self) -> None:
        for name, task in list(self._under_way.items()):
            if task.done():
                del self._under_way[name]
                task.result()

    async def _refuse_late(self) -> None:
        """Entries that did not come to be sent in time end here, also those of a life before."""
        desk, now = self._ledger.desk, datetime.now(UTC)
        patience = timedelta(seconds=self._settings.entry_seconds)
        for record in to_send(desk.book, desk.legs):
            name = record.order.order_id
            if record.order.leg is Leg.ENTRY and now - record.received_at > patience and name not in self._under_way:
                said = f"it waited longer than {self._settings.entry_seconds:g} s to be sent"
                late = Refusal(code="signal_late", value="", limit="", message=said)
                await self._ledger.step(lambda d, n=name, r=late: d.deny(n, r))  # type: ignore[misc]
