"""The trail of a Broker's orders at an exchange, for whoever must show it years later: read, and nothing of it changed.

It comes from the Broker's own tables, from which nothing is ever deleted: each order as it stands (with its strategy,
tag and algorithm id), each event about it in its order, the exchange's books as they were seen last on each day, and
what the strategies were that traded.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any, Final

import msgspec

from alpha_panda.domain.calendar import trading_date
from alpha_panda.events.envelope import decode_header
from alpha_panda.local.administrator import database
from alpha_panda.local.layout import Layout
from alpha_panda.runtime.store_errors import postgres_errors

Line = dict[str, Any]
_AT_ONCE: Final = 500
_STRATEGIES: Final = """
SELECT name, uid, generation, created_at, changed_at, changed_by, spec FROM platform.resources
WHERE kind = 'Strategy' AND spec->'brokers' ? $1 ORDER BY name
"""
_BROKER: Final = "SELECT spec FROM platform.resources WHERE kind = 'Broker' AND name = $1"
_ORDERS: Final = """
SELECT order_id, tag, state, fence, claimed_at, changed_at, data FROM {schema}.exchange_orders
WHERE changed_at >= $1 AND changed_at < $2 ORDER BY coalesce(claimed_at, changed_at), order_id
"""
_EVENTS: Final = """
SELECT number, id, made_at, published, value FROM {schema}.exchange_outbox
WHERE made_at >= $1 AND made_at < $2 ORDER BY number
"""
_BOOKS: Final = """
SELECT day, kind, taken_at, data FROM {schema}.exchange_books WHERE taken_at >= $1 AND taken_at < $2 ORDER BY day, kind
"""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """When it was written down last: since <= moment < until."""

    since: datetime
    until: datetime


async def read_trail(layout: Layout, broker: str, span: Span) -> AsyncGenerator[Line, None]:
    """Every line of the trail, as it was at one moment; raises UnavailableError where PostgreSQL is away."""
    schema = '"' + broker.replace('"', '""') + '"'
    async with database(layout) as connection:
        with postgres_errors():
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                spec = await connection.fetchval(_BROKER, broker)
                yield {"kind": "broker", "name": broker, "spec": None if spec is None else json.loads(spec)}
                for row in await connection.fetch(_STRATEGIES, broker):
                    yield {"kind": "strategy", **dict(row), "spec": json.loads(row["spec"])}
                for sql, shown in ((_ORDERS, _order), (_EVENTS, _event), (_BOOKS, _book)):
                    rows = connection.cursor(sql.format(schema=schema), span.since, span.until, prefetch=_AT_ONCE)
                    async for row in rows:
                        yield shown(dict(row))


def _order(row: dict[str, Any]) -> Line:
    data = json.loads(row["data"])
    asked = data.pop("order")
    return {
        "kind": "order",
        "order_id": row["order_id"],
        "strategy": asked["strategy"],
        "algo_id": data.get("algo_id", ""),
        "tag": row["tag"],
        "state": row["state"],
        "claimed_at": row["claimed_at"],
        "changed_at": row["changed_at"],
        "asked": asked,
        **{name: value for name, value in data.items() if name not in ("tag", "state", "claimed_at", "algo_id")},
    }


def _event(row: dict[str, Any]) -> Line:
    header = decode_header(row["value"])
    return {
        "kind": "event",
        "number": row["number"],
        "id": row["id"],
        "type": header.type,
        "event_time": header.event_time,
        "made_at": row["made_at"],
        "published": row["published"],
        "event": json.loads(row["value"]),
    }


def _book(row: dict[str, Any]) -> Line:
    day = row["day"]
    return {
        "kind": "book",
        "day": day.isoformat(),
        "book": row["kind"],
        "taken_at": row["taken_at"],
        "taken_on": trading_date(row["taken_at"]).isoformat(),
        "rows": json.loads(row["data"]),
    }
