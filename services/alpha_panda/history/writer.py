"""Rows to PostgreSQL in batches: copied to a staging table and inserted from there, since COPY knows no conflicts.

A batch is one transaction and may be written again: rows that are there stay as they are, and an order
is what its latest event (by `order_sequence`) and all its fills make it, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from alpha_panda.history.rows import COLUMNS, OrderRow, Row
from alpha_panda.runtime.store_errors import postgres_errors

_ORDERS_NEWER: Final = ", ".join(
    f"{column} = EXCLUDED.{column}" for column in COLUMNS["orders"] if column not in {"order_id", "submitted_at"}
)
_Connection = Any
"""asyncpg gives pool connections no usable type."""


class HistoryWriter:
    """Writes batches of rows to the schemas that the rows name."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def write(self, rows: Sequence[Row]) -> None:
        """Keep the rows, all or none.

        Raises:
            TransientError: PostgreSQL does not answer, or a Broker's schema is not there yet.
            AuthenticationError: it refuses this role.
        """
        batches = _batches(rows)
        if not batches:
            return
        with postgres_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                for (schema, table), values in sorted(batches.items()):
                    if table != "orders":
                        await _insert(connection, schema, table, values)
                for (schema, table), values in sorted(batches.items()):
                    if table == "orders":
                        await _upsert_orders(connection, schema, [OrderRow(*each) for each in values])


def _batches(rows: Iterable[Row]) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
    batches: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for row in rows:
        batches.setdefault((row.schema, row.table), []).append(row.values)
    return batches


async def _insert(connection: _Connection, schema: str, table: str, values: list[tuple[Any, ...]]) -> None:
    staged, columns = await _stage(connection, schema, table, values)
    await connection.execute(
        f'INSERT INTO "{schema}".{table} ({columns}) SELECT {columns} FROM {staged} ON CONFLICT DO NOTHING'  # noqa: S608 — names are ours
    )


async def _stage(
    connection: _Connection, schema: str, table: str, values: Sequence[tuple[Any, ...]]
) -> tuple[str, str]:
    """Copy the values to a table that ends with the transaction; returns its name and the columns."""
    staged = f'"staged_{schema}_{table}"'
    columns = ", ".join(COLUMNS[table])
    await connection.execute(
        f'CREATE TEMP TABLE {staged} ON COMMIT DROP AS SELECT {columns} FROM "{schema}".{table} WITH NO DATA'  # noqa: S608
    )
    await connection.copy_records_to_table(staged.strip('"'), records=values, columns=COLUMNS[table])
    return staged, columns


async def _upsert_orders(connection: _Connection, schema: str, rows: list[OrderRow]) -> None:
    orders = _latest(rows)
    staged, columns = await _stage(connection, schema, "orders", orders)
    table = f'"{schema}".orders'
    await connection.execute(
        f"INSERT INTO {table} AS kept ({columns}) SELECT {columns} FROM {staged} "  # noqa: S608 — names are ours
        f"ON CONFLICT (order_id) DO UPDATE SET {_ORDERS_NEWER} WHERE EXCLUDED.order_sequence > kept.order_sequence"
    )
    await connection.execute(
        f"UPDATE {table} AS kept SET submitted_at = staged.submitted_at FROM {staged} AS staged "  # noqa: S608
        "WHERE kept.order_id = staged.order_id AND staged.submitted_at < kept.submitted_at"
    )
    await connection.execute(
        f"UPDATE {table} AS kept SET filled_quantity = done.quantity, filled_value_paise = done.value_paise, "  # noqa: S608
        "status = CASE WHEN kept.status = 'open' THEN 'partially_filled' ELSE kept.status END "
        "FROM (SELECT order_id, sum(quantity)::bigint AS quantity, sum(quantity * price_paise)::bigint AS value_paise "
        f'FROM "{schema}".fills WHERE order_id = ANY($1::uuid[]) GROUP BY order_id) AS done '
        "WHERE kept.order_id = done.order_id",
        [row.order_id for row in orders],
    )


def _latest(rows: list[OrderRow]) -> list[OrderRow]:
    """One row an order: its latest event, with the time of the earliest."""
    latest: dict[UUID, OrderRow] = {}
    for row in rows:
        known = latest.setdefault(row.order_id, row)
        newer = row if row.order_sequence > known.order_sequence else known
        latest[row.order_id] = newer._replace(submitted_at=min(row.submitted_at, known.submitted_at))
    return sorted(latest.values())
