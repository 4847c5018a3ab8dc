"""What is asked of PostgreSQL: pages of orders, fills and signals, over one Broker's schema or several.

Names of Brokers come from `control.brokers` and are DNS labels; every value is a parameter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg
import msgspec

from alpha_panda.api.cursors import Cursor
from alpha_panda.domain.analytics.journal import Journal
from alpha_panda.domain.analytics.trades import Trade
from alpha_panda.events.envelope import Event
from alpha_panda.events.orders import OrderFilled
from alpha_panda.events.signals import SignalValidated
from alpha_panda.runtime.store_errors import postgres_errors


class Listing(NamedTuple):
    """A list: what it selects (`{schema}` stands for the Broker's), its order, and what it can be filtered by."""

    select: str
    where: str
    time: str
    key: str
    filters: Mapping[str, str]


ORDERS: Final = Listing(
    select="o.order_id AS row_id, o.submitted_at AS row_time, o.* FROM {schema}.orders o",
    where="true",
    time="o.submitted_at",
    key="o.order_id",
    filters={
        "strategy": "o.strategy",
        "instrument_token": "o.instrument_token",
        "status": "o.status",
        "signal_id": "o.signal_id",
    },
)
FILLS: Final = Listing(
    select="f.id AS row_id, f.event_time AS row_time, f.* FROM {schema}.fills f",
    where="true",
    time="f.event_time",
    key="f.id",
    filters={"strategy": "f.strategy", "instrument_token": "f.instrument_token", "order_ids": "f.order_id"},
)
SIGNALS: Final = Listing(
    select="s.id AS row_id, s.event_time AS row_time, s.*, v.stage AS verdict, v.data AS verdict_data "
    "FROM {schema}.signals s LEFT JOIN LATERAL (SELECT stage, data FROM {schema}.signals "
    "WHERE signal_id = s.id AND stage <> 'raw' LIMIT 1) v ON true",
    where="s.stage = 'raw'",
    time="s.event_time",
    key="s.id",
    filters={
        "strategy": "s.strategy",
        "instrument_token": "s.instrument_token",
        "verdict": "coalesce(v.stage, 'pending')",
        "id": "s.id",
    },
)
Row = dict[str, Any]
_BARS: Final = """
SELECT start, open_paise, high_paise, low_paise, close_paise, volume FROM market.bars
WHERE instrument_token = $1 AND timeframe = $2 AND ($3::timestamptz IS NULL OR start < $3) ORDER BY start DESC LIMIT $4
"""
_TRADED: Final = "SELECT event_time, data FROM {schema}.fills ORDER BY event_time DESC, id DESC LIMIT $1"
_VALIDATED: Final = (
    "SELECT event_time, data FROM {schema}.signals WHERE stage = 'validated' ORDER BY event_time DESC, id DESC LIMIT $1"
)
_MOST_FILLS: Final = 20_000


class Queries:
    """Reads pages over a pool."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def page(
        self,
        listing: Listing,
        brokers: Sequence[str],
        filters: Mapping[str, object],
        limit: int,
        after: Cursor | None = None,
    ) -> tuple[list[Row], Cursor | None]:
        """Up to `limit` rows, latest first, and where the next page begins; None on the last.

        Filters that are None do not filter. Raises TransientError where PostgreSQL does not answer.
        """
        if not brokers:
            return [], None
        sql, values = _statement(listing, brokers, filters, limit + 1, after)
        with postgres_errors():
            found = await self._pool.fetch(sql, *values)
        rows = [_row(record) for record in found[:limit]]
        more = len(found) > limit
        return rows, Cursor(rows[-1]["row_time"], rows[-1]["row_id"]) if more else None

    async def standing(self, broker: str) -> Row | None:
        """How a Broker's account stands, None before it was written; raises TransientError as `page` does."""
        with postgres_errors():
            found = await self._pool.fetch(f'SELECT as_of, written_at, data FROM "{broker}".standing')  # noqa: S608
        return _row(found[0]) if found else None

    async def bars(self, token: int, timeframe: str, count: int, before: datetime | None) -> list[Row]:
        """The newest bars that start before a moment, oldest first; raises TransientError as `page` does."""
        with postgres_errors():
            found = await self._pool.fetch(_BARS, token, timeframe, before, count)
        return [dict(record) for record in reversed(found)]

    async def closed_trades(self, broker: str) -> tuple[list[Trade], bool]:
        """Closed trades, oldest first, and whether every fill was taken; raises TransientError as `page` does.

        Where there are more than the limit, positions that began before the oldest one taken are not told well.
        """
        with postgres_errors():
            fills = await self._pool.fetch(_TRADED.format(schema=f'"{broker}"'), _MOST_FILLS)
            signals = await self._pool.fetch(_VALIDATED.format(schema=f'"{broker}"'), _MOST_FILLS)
        return await asyncio.to_thread(_journal, fills, signals), len(fills) < _MOST_FILLS

    async def ping(self) -> None:
        """Raises TransientError where PostgreSQL does not answer."""
        with postgres_errors():
            await self._pool.fetchval("SELECT 1")


def _statement(
    listing: Listing, brokers: Sequence[str], filters: Mapping[str, object], limit: int, after: Cursor | None
) -> tuple[str, list[object]]:
    values: list[object] = [limit]
    conditions = [listing.where]
    for name, value in filters.items():
        if value is not None:
            values.append(value)
            compared = f"ANY(${len(values)})" if isinstance(value, list) else f"${len(values)}"
            conditions.append(f"{listing.filters[name]} = {compared}")
    if after is not None:
        values += [after.at, after.id]
        conditions.append(f"({listing.time}, {listing.key}) < (${len(values) - 1}, ${len(values)})")
    where = " AND ".join(conditions)
    parts = []
    for broker in brokers:
        values.append(broker)
        select = listing.select.format(schema=f'"{broker}"')
        order = f"ORDER BY {listing.time} DESC, {listing.key} DESC LIMIT $1"
        parts.append(f"(SELECT ${len(values)}::text AS broker, {select} WHERE {where} {order})")
    union = " UNION ALL ".join(parts)
    return f"SELECT * FROM ({union}) AS listed ORDER BY row_time DESC, row_id DESC LIMIT $1", values  # noqa: S608


def _journal(fills: Sequence[Mapping[str, Any]], signals: Sequence[Mapping[str, Any]]) -> list[Trade]:
    journal = Journal()
    for records, shape in ((signals, SignalValidated), (fills, OrderFilled)):
        for record in reversed(records):
            data = msgspec.json.decode(record["data"], type=shape)
            moment = record["event_time"]
            journal.take(Event(id="", event_time=moment, data=data, key="", correlation_id=""))
    return journal.closed


def _row(record: Mapping[str, Any]) -> Row:
    row = dict(record)
    for name in ("data", "verdict_data"):
        if isinstance(row.get(name), str):
            row[name] = msgspec.json.decode(row[name])
    return row
