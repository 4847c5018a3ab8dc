"""What two people must agree on: one asks, another does the same within the hour, and then it is done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import msgspec

from alpha_panda.runtime.store_errors import postgres_errors

LASTS: Final = timedelta(hours=1)
_COLUMNS: Final = "id, action, subject, reason, asked_by, asked_at, expires_at, agreed_by, agreed_at"
_OPEN: Final = "agreed_by IS NULL AND expires_at > $1"
_AGREE: Final = f"""
UPDATE platform.approvals SET agreed_by = $2, agreed_at = $1
WHERE id = (SELECT id FROM platform.approvals WHERE {_OPEN} AND asked_by <> $2 AND action = $3 AND subject = $4
            ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING {_COLUMNS}
"""  # noqa: S608 - constants
_ASK: Final = f"""
INSERT INTO platform.approvals (id, action, subject, reason, asked_by, asked_at, expires_at)
SELECT $5, $3, $4, $6, $2, $1, $7
WHERE NOT EXISTS (SELECT FROM platform.approvals WHERE {_OPEN} AND asked_by = $2 AND action = $3 AND subject = $4)
"""  # noqa: S608 - constants


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was asked for, and who agreed."""

    id: UUID
    action: str
    subject: str
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    agreed_by: str | None
    agreed_at: datetime | None


class Approvals:
    """Reads and writes them; every method raises TransientError where PostgreSQL does not answer."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        """Use a pool that the caller closes."""
        self._pool = pool

    async def agree_or_ask(self, who: str, action: str, subject: str, reason: str, now: datetime) -> Approval | None:
        """The request of another person that this one agrees to; None where there was none: it now stands as asked."""
        with postgres_errors():
            rows = await self._pool.fetch(_AGREE, now, who, action, subject)
            if rows:
                return msgspec.convert(dict(rows[0]), Approval)
            await self._pool.execute(_ASK, now, who, action, subject, uuid4(), reason, now + LASTS)
        return None

    async def open(self, now: datetime) -> list[Approval]:
        """What waits for a second person, the oldest first."""
        sql = f"SELECT {_COLUMNS} FROM platform.approvals WHERE {_OPEN} ORDER BY asked_at"  # noqa: S608 - constants
        with postgres_errors():
            rows = await self._pool.fetch(sql, now)
        return [msgspec.convert(dict(row), Approval) for row in rows]
