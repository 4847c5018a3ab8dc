"""Looks into the stores for the hub, once for all listeners and only while somebody listens.

New rows of each Broker's history become orders, fills and signals; a portfolio that was written anew, and a halt or
a strategy that changed, become a message that says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import structlog

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Answer
from alpha_panda.api.queries import FILLS, ORDERS, SIGNALS, Listing
from alpha_panda.api.trades import fill_of, order_of, signal_of
from alpha_panda.errors import PandaError

_SECONDS: Final = 0.5
_SHOWN: Final[tuple[tuple[Listing, str, Callable[..., Answer]], ...]] = (
    (ORDERS, "order", order_of),
    (FILLS, "fill", fill_of),
    (SIGNALS, "signal", signal_of),
)
_MOST: Final = 100
"""Rows of a kind that one look tells of; a client that needs all of them reads the list."""


class Observer:
    """Tells the hub what is new."""

    def __init__(self, dependencies: Dependencies) -> None:
        """Nothing is known yet: the first look only remembers."""
        self._dependencies = dependencies
        self._written: dict[str, Any] = {}
        self._seen: dict[tuple[str, str], set[Any]] = {}
        self._log = structlog.get_logger()

    async def run(self, stopping: asyncio.Event) -> None:
        """Look again and again; while a store is away there is nothing to tell."""
        while not stopping.is_set():
            if self._dependencies.hub.is_wanted("portfolio", *(kind for _, kind, _ in _SHOWN)):
                try:
                    await self.look()
                except PandaError as error:
                    self._log.warning("nothing could be told to listeners", reason=str(error))
            else:
                self._seen.clear()
                self._written.clear()
            await asyncio.sleep(_SECONDS)

    async def look(self) -> None:
        """Look once."""
        for broker in self._dependencies.control.brokers:
            await self._portfolio(broker.name)
            for listing, kind, shape in _SHOWN:
                await self._rows(broker.name, listing, kind, shape)

    async def _portfolio(self, broker: str) -> None:
        found = (await self._dependencies.cache.read(broker, "summary")).get("summary")
        if found is None or self._written.get(broker) == found.written_at:
            return
        self._written[broker] = found.written_at
        data = {"broker": broker, "as_of": found.as_of, "written_at": found.written_at, **found.data}
        self._dependencies.hub.publish("portfolio", data, broker)

    async def _rows(self, broker: str, listing: Listing, kind: str, shape: Callable[..., Answer]) -> None:
        rows, _ = await self._dependencies.queries.page(listing, [broker], {}, _MOST)
        marks = {(row["row_id"], row.get("status"), row.get("filled_quantity"), row.get("verdict")) for row in rows}
        known = self._seen.get((broker, kind))
        self._seen[broker, kind] = marks
        if known is None:
            return
        for row in reversed(rows):
            mark = (row["row_id"], row.get("status"), row.get("filled_quantity"), row.get("verdict"))
            if mark not in known:
                told = shape(self._dependencies, row).model_dump(mode="json")
                self._dependencies.hub.publish(kind, told, broker)
