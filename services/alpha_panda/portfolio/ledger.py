"""The books in PostgreSQL: entries are added once, by the owner of the portfolio's task, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from alpha_panda.portfolio.postings import LedgerEntry
from alpha_panda.runtime.owners import owned, require_owned
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.store_errors import postgres_errors


class LedgerWriter:
    """Writes entries to the `ledger` of a Broker's schema."""

    def __init__(self, pool: asyncpg.Pool[Any], broker: str) -> None:
        self._pool = pool
        self._insert = (
            f"WITH owned AS ({owned(broker, '$8::text', '$9::text', '$10::bigint')}), booked AS ("  # noqa: S608 — a Broker's name is a DNS label
            f'INSERT INTO "{broker}".ledger (id, entry, account, amount_paise, event_time, cause, description) '
            "SELECT entries.* FROM owned, unnest($1::uuid[], $2::smallint[], $3::text[], $4::bigint[], "
            "$5::timestamptz[], $6::uuid[], $7::text[]) AS entries ON CONFLICT (id, entry) DO NOTHING) "
            "SELECT count(*) FROM owned"
        )

    async def write(self, entries: Sequence[LedgerEntry], tenure: Tenure) -> None:
        """Book the entries, all or none; those that are booked already stay as they are.

        Raises:
            TransientError: PostgreSQL does not answer, or the Broker's schema is not there yet.
            AuthenticationError: it refuses this role.
            FencedError: the task has another owner by now.
        """
        if not entries:
            return
        fence = tenure.fence or 0
        with postgres_errors():
            kept = await self._pool.fetchval(
                self._insert,
                [each.id for each in entries],
                [each.entry for each in entries],
                [each.account for each in entries],
                [each.amount_paise for each in entries],
                [each.event_time for each in entries],
                [each.cause for each in entries],
                [each.description for each in entries],
                tenure.service,
                tenure.task,
                fence,
            )
        require_owned(kept, tenure.task, fence)
