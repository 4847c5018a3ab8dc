"""How trading at an exchange stands, as its service has written it down: for people, who decide nothing by it here."""

from __future__ import annotations

import json
from typing import Any

from alpha_panda.local.administrator import database
from alpha_panda.local.layout import Layout


async def exchange_standing(layout: Layout, broker: str) -> dict[str, Any] | None:
    """The service's last word and its age in seconds; None before its first.

    Raises UnavailableError where PostgreSQL is away.
    """
    schema = broker.replace('"', '""')
    sql = f'SELECT data, extract(epoch FROM now() - written_at) AS age FROM "{schema}".exchange_standing'  # noqa: S608 - quoted
    async with database(layout) as connection:
        row = await connection.fetchrow(sql)
    return None if row is None else {**json.loads(row["data"]), "age_seconds": float(row["age"])}
