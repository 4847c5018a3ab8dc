"""The account's standing in PostgreSQL: one row for people, written by the owner of the risk manager's task."""

from __future__ import annotations

from typing import Any, cast

import asyncpg
import msgspec

from alpha_panda.domain.processor import Processor
from alpha_panda.domain.standing import Standing
from alpha_panda.risk_manager.processor import RiskManagerProcessor
from alpha_panda.runtime.owners import owned, require_owned
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.store_errors import postgres_errors


class StandingWriter:
    """Writes the `standing` of a Broker's schema, where it is another than before."""

    def __init__(self, pool: asyncpg.Pool[Any], broker: str) -> None:
        """Nothing is written yet."""
        self._pool = pool
        self._last: Standing | None = None
        self._replace = (
            f"WITH owned AS ({owned(broker, '$1::text', '$4::text', '$5::bigint')}), shown AS ("  # noqa: S608 — a Broker's name is a DNS label
            f'INSERT INTO "{broker}".standing (service, as_of, written_at, data) '
            "SELECT $1::text, $2::timestamptz, now(), $3::jsonb FROM owned ON CONFLICT (service) DO UPDATE "
            "SET as_of = excluded.as_of, written_at = excluded.written_at, data = excluded.data) "
            "SELECT count(*) FROM owned"
        )

    async def show(self, processor: Processor, tenure: Tenure) -> None:
        """Write how the account of a risk manager stands.

        Raises:
            TransientError: PostgreSQL does not answer, or the Broker's schema is not there yet.
            AuthenticationError: it refuses this role.
            FencedError: the task has another owner by now.
        """
        now = cast("RiskManagerProcessor", processor).standing
        if now is None or now == self._last:
            return
        fence = tenure.fence or 0
        text = msgspec.json.encode(now).decode()
        with postgres_errors():
            kept = await self._pool.fetchval(self._replace, tenure.service, now.as_of, text, tenure.task, fence)
        require_owned(kept, tenure.task, fence)
        self._last = now
