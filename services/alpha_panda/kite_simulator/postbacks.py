"""Postbacks: an order's update as a POST to the app's address, with the checksum that shows who it is from."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final

import aiohttp

from alpha_panda.kite_simulator.exchange import Exchange
from alpha_panda.kite_simulator.faults import Kind

SENT: Final = frozenset({"COMPLETE", "CANCELLED", "REJECTED", "UPDATE"})
_SECONDS: Final = 3.0


class Postbacks:
    """Sends postbacks in the order of the updates; one that nobody takes is not sent again."""

    def __init__(self, exchange: Exchange) -> None:
        """Send to the address that the options name, if any."""
        self._exchange = exchange
        self._waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def order_changed(self, order: dict[str, Any]) -> None:
        """Queue an update, as the faults let it."""
        if self._exchange.options.postback_url is None or order["status"] not in SENT:
            return
        faults = self._exchange.faults
        if faults.on(Kind.POSTBACK_LOST):
            return
        key = "forged" if faults.on(Kind.POSTBACK_FORGED) else self._exchange.options.keys.api_secret
        signed = {**order, "user_id": order["placed_by"], "app_id": 1, "unfilled_quantity": order["pending_quantity"]}
        signed["checksum"] = checksum(order["order_id"], order["order_timestamp"], key)
        for _ in range(2 if faults.on(Kind.POSTBACK_TWICE) else 1):
            self._waiting.put_nowait(signed)

    async def run(self) -> None:
        """Send until cancelled."""
        url = self._exchange.options.postback_url
        if url is None:
            return
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                order = await self._waiting.get()
                try:
                    async with session.post(url, json=order) as reply:
                        self._exchange.journal.note("postback", order_id=order["order_id"], status=reply.status)
                except (aiohttp.ClientError, TimeoutError) as error:
                    self._exchange.journal.note("postback failed", order_id=order["order_id"], reason=str(error))


def checksum(order_id: str, order_timestamp: str, api_secret: str) -> str:
    """What a postback proves itself by."""
    return hashlib.sha256(f"{order_id}{order_timestamp}{api_secret}".encode()).hexdigest()
