"""The books in PostgreSQL: entries are added once and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from alpha_panda.portfolio.postings import LedgerEntry
from alpha_panda.runtime.store_errors import postgres_errors


class LedgerWriter:
    """Writes entries to the `ledger` of a Broker's schema."""

    def __init__(self, pool: asyncpg.Pool[Any], broker: str) -> None:
        self._pool = pool
        self._insert = (
            f'INSERT INTO "{broker}".ledger (id, entry, account, amount_paise, event_time, cause, description) '  # noqa: S608 — a Broker's name is a DNS label
            "SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::bigint[], $5::timestamptz[], "
            "$6::uuid[], $7::text[]) ON CONFLICT (id, entry) DO NOTHING"
        )

    async def write(self, entries: Sequence[LedgerEntry]) -> None:
        """Book the entries, all or none; those that are booked already stay as they are.

        Raises:
            TransientError: PostgreSQL does not answer, or the Broker's schema is not there yet.
            AuthenticationError: it refuses this role.
        """
        if not entries:
            return
        with postgres_errors():
            await self._pool.execute(
                self._insert,
                [each.id for each in entries],
                [each.entry for each in entries],
                [each.account for each in entries],
                [each.amount_paise for each in entries],
                [each.event_time for each in entries],
                [each.cause for each in entries],
                [each.description for each in entries],
            )
