"""The trades of each Broker, put together from the signals and fills that history keeps.

Reading a whole account is work, so what was found holds for as long as its number of fills does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from alpha_panda.api.queries import FILLS, SIGNALS, Listing, Queries, Row
from alpha_panda.domain.analytics.journal import Journal, OpenTrade
from alpha_panda.domain.analytics.trades import Trade
from alpha_panda.events.envelope import Event
from alpha_panda.events.orders import OrderFilled
from alpha_panda.events.signals import SignalValidated

PAGE: Final = 500
MOST: Final = 5_000
"""Fills and signals that are read of one account: more than a year of a busy one; older ones are left out."""


class Book(NamedTuple):
    """The trades of an account, the oldest first, and what is open."""

    closed: tuple[Trade, ...] = ()
    open: tuple[OpenTrade, ...] = ()
    complete: bool = True
    """False where the account has more fills than are read."""


class Books:
    """The books of all Brokers."""

    def __init__(self, queries: Queries) -> None:
        """Nothing is read yet."""
        self._queries = queries
        self._known: dict[str, tuple[int, Book]] = {}

    async def read(self, broker: str, fills: int) -> Book:
        """The trades of an account that has so many fills; raises TransientError as its queries do."""
        known = self._known.get(broker)
        if known is not None and known[0] == fills:
            return known[1]
        rows = await self._rows(FILLS, broker, {})
        signals = await self._rows(SIGNALS, broker, {"verdict": "validated"})
        journal = Journal()
        events: list[Event[Any]] = [*map(_validated, signals), *map(_filled, rows)]
        for event in sorted(events, key=_order):
            journal.take(event)
        book = Book(tuple(journal.closed), journal.open, complete=len(rows) < MOST)
        if len(rows) == fills:
            self._known[broker] = fills, book
        return book

    async def _rows(self, listing: Listing, broker: str, filters: dict[str, object]) -> list[Row]:
        found: list[Row] = []
        after = None
        while len(found) < MOST:
            rows, after = await self._queries.page(listing, [broker], filters, PAGE, after)
            found += rows
            if after is None:
                break
        return found


def _order(event: Event[Any]) -> tuple[datetime, int, str]:
    return event.event_time, int(isinstance(event.data, OrderFilled)), event.id


def _filled(row: Row) -> Event[OrderFilled]:
    return _event(row, msgspec.convert(row["data"], OrderFilled))


def _validated(row: Row) -> Event[SignalValidated]:
    return _event(row, msgspec.convert(row["verdict_data"], SignalValidated))


def _event(row: Row, data: Any) -> Event[Any]:  # noqa: ANN401 - one of two kinds
    identity = str(row["id"])
    return Event(id=identity, event_time=row["event_time"], data=data, key=row["strategy"], correlation_id=identity)
