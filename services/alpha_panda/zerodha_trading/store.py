"""The orders in PostgreSQL: every step is one statement, made by the owner of the task or not at all."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Origin, decode, decode_header, encode
from alpha_panda.runtime.errors import FencedError
from alpha_panda.runtime.owners import owned, require_owned
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.store_errors import postgres_errors
from alpha_panda.zerodha_trading.announcements import Changes
from alpha_panda.zerodha_trading.book import Book
from alpha_panda.zerodha_trading.state import ExchangeOrder, Trade

_DAYS = 3
"""Orders that are over are still remembered so long: a signal that is delivered again finds them."""


class OrderStore:
    """The tables `exchange_*` of a Broker's schema."""

    def __init__(self, pool: asyncpg.Pool[Any], schema: str, tenure: Tenure, origin: Origin) -> None:
        """Write as the owner that `tenure` says."""
        self._pool = pool
        self._schema = f'"{schema}"'
        self._name = schema
        self._tenure = tenure
        self._origin = origin

    async def load(self) -> Book:
        """Orders that are not over or lately were, open trades and all their orders, however old.

        Which leg comes next, and its tag, follow from every order that its trade has had.

        Raises TransientError as all of these do.
        """
        sql = (
            f"SELECT data FROM {self._schema}.exchange_orders WHERE changed_at > now() - interval '{_DAYS} days' "  # noqa: S608 - the schema is ours
            "OR state IN ('WAITING', 'SENDING', 'UNKNOWN', 'UNKNOWN_ABSENT', 'ACKED') "
            f"OR data ->> 'trade' IN (SELECT signal_id::text FROM {self._schema}.exchange_trades) "
            "ORDER BY claimed_at NULLS LAST"
        )
        with postgres_errors():
            orders = await self._pool.fetch(sql)
            trades = await self._pool.fetch(f"SELECT data FROM {self._schema}.exchange_trades")  # noqa: S608
        found = [msgspec.json.decode(row["data"], type=ExchangeOrder) for row in orders]
        held = [msgspec.json.decode(row["data"], type=Trade) for row in trades]
        return Book(sorted(found, key=lambda each: each.received_at), held)

    async def asked(self, since: datetime) -> int:
        """How many orders were claimed since a moment."""
        sql = f"SELECT count(*) FROM {self._schema}.exchange_orders WHERE claimed_at >= $1"  # noqa: S608
        with postgres_errors():
            return int(await self._pool.fetchval(sql, since))

    async def save(self, changes: Changes, claims: Collection[str] = ()) -> None:
        """Write a step. An order in `claims` is claimed by it: that fails where it ever was before.

        Raises:
            FencedError: the task has another owner by now, or an order was claimed by another.
        """
        orders, fence = changes.orders, self._tenure.fence or 0
        sql = (
            f"WITH owned AS ({owned(self._name, '$1::text', '$2::text', '$3::bigint')}), written AS ("  # noqa: S608
            f"INSERT INTO {self._schema}.exchange_orders AS held (order_id, tag, state, fence, claimed_at, data) "
            "SELECT o.id, o.tag, o.state, o.fence, o.claimed_at, o.data FROM owned, unnest($4::uuid[], $5::text[], "
            "$6::text[], $7::bigint[], $8::timestamptz[], $9::jsonb[]) AS o (id, tag, state, fence, claimed_at, data) "
            "ON CONFLICT (order_id) DO UPDATE SET state = EXCLUDED.state, fence = EXCLUDED.fence, "
            "claimed_at = EXCLUDED.claimed_at, data = EXCLUDED.data, changed_at = now() "
            "WHERE NOT (EXCLUDED.order_id = ANY($10::uuid[])) OR held.state = 'WAITING' RETURNING 1), "
            f"moved AS (INSERT INTO {self._schema}.exchange_trades (signal_id, data) "
            "SELECT t.id, t.data FROM owned, unnest($11::uuid[], $12::jsonb[]) AS t (id, data) "
            "ON CONFLICT (signal_id) DO UPDATE SET data = EXCLUDED.data), "
            f"gone AS (DELETE FROM {self._schema}.exchange_trades USING owned WHERE signal_id = ANY($13::uuid[])), "
            f"told AS (INSERT INTO {self._schema}.exchange_outbox (id, key, value) "
            "SELECT e.id, e.key, e.value FROM owned, unnest($14::uuid[], $15::text[], $16::bytea[]) "
            "AS e (id, key, value)) "
            "SELECT (SELECT count(*) FROM owned) AS owned, (SELECT count(*) FROM written) AS written"
        )
        with postgres_errors():
            row = await self._pool.fetchrow(
                sql,
                self._tenure.service,
                self._tenure.task,
                fence,
                [each.order.order_id for each in orders],
                [each.tag for each in orders],
                [each.state for each in orders],
                [each.fence for each in orders],
                [each.claimed_at for each in orders],
                [_json(each) for each in orders],
                list(claims),
                [each.signal_id for each in changes.trades],
                [_json(each) for each in changes.trades],
                list(changes.dropped),
                [each.id for each in changes.events],
                [each.key for each in changes.events],
                [encode(each, self._origin) for each in changes.events],
            )
        require_owned(row["owned"], self._tenure.task, fence)
        if row["written"] != len(orders):
            raise FencedError(f"an order of {sorted(claims)} was claimed by another process; nothing of it is sent")

    async def unpublished(self) -> list[tuple[int, AnyEvent]]:
        """Events that Kafka may not have yet, in their order."""
        sql = f"SELECT number, key, value FROM {self._schema}.exchange_outbox WHERE NOT published ORDER BY number"  # noqa: S608
        with postgres_errors():
            rows = await self._pool.fetch(sql)
        return [(row["number"], decode(decode_header(row["value"]), row["key"])) for row in rows]

    async def published(self, numbers: Collection[int]) -> None:
        """Kafka has these events."""
        sql = f"UPDATE {self._schema}.exchange_outbox SET published = true WHERE number = ANY($1::bigint[])"  # noqa: S608
        with postgres_errors():
            await self._pool.execute(sql, list(numbers))

    async def keep_standing(self, standing: msgspec.Struct) -> None:
        """Show people how trading stands."""
        sql = (
            f"INSERT INTO {self._schema}.exchange_standing (service, written_at, data) VALUES ($1, now(), $2::jsonb) "  # noqa: S608
            "ON CONFLICT (service) DO UPDATE SET written_at = EXCLUDED.written_at, data = EXCLUDED.data"
        )
        with postgres_errors():
            await self._pool.execute(sql, self._tenure.service, _json(standing))

    async def archive(self, day: datetime, kind: str, rows: list[Any]) -> None:
        """Keep the exchange's book of a day, as it was seen last."""
        sql = (
            f"INSERT INTO {self._schema}.exchange_books (day, kind, taken_at, data) VALUES ($1, $2, now(), $3::jsonb) "  # noqa: S608
            "ON CONFLICT (day, kind) DO UPDATE SET taken_at = EXCLUDED.taken_at, data = EXCLUDED.data"
        )
        with postgres_errors():
            await self._pool.execute(sql, day.date(), kind, msgspec.json.encode(rows).decode())


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()
