"""What waits to be told, in PostgreSQL: claimed before it is sent, so that no restart sends anything twice.

A row that was claimed and never finished has an unknown outcome. It may have arrived, so it is left as it is; only
what is critical is sent again, since a halt that is told twice harms nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from alpha_panda.domain.alerts import Alert
from alpha_panda.domain.channels import DeliveryState, Due
from alpha_panda.runtime.alert_store import alert_of
from alpha_panda.runtime.store_errors import postgres_errors

_LEASE: Final = timedelta(minutes=2)
"""Longer than any message takes."""
_ALERT: Final = ", ".join(f"a.{name}" for name in Alert.__struct_fields__)
_DUE: Final = f"""
SELECT {_ALERT}, d.occasion, d.attempts FROM platform.deliveries d JOIN platform.alerts a ON a.id = d.alert_id
WHERE d.channel = $1 AND d.state = 'pending' AND d.due_at <= now() ORDER BY d.due_at, d.alert_id LIMIT $2
"""  # noqa: S608 - constants
_CLAIM: Final = """
UPDATE platform.deliveries SET state = 'sending', attempts = attempts + 1, changed_at = now()
WHERE channel = $1 AND state = 'pending' AND (alert_id, occasion) IN (SELECT * FROM unnest($2::uuid[], $3::text[]))
RETURNING alert_id
"""
_FINISH: Final = """
UPDATE platform.deliveries SET state = $4, reason = $5, changed_at = now(), due_at = now() + $6::interval
WHERE channel = $1 AND state = 'sending' AND (alert_id, occasion) IN (SELECT * FROM unnest($2::uuid[], $3::text[]))
"""
_ABANDONED: Final = """
UPDATE platform.deliveries d
SET state = CASE WHEN a.priority = 'critical' THEN 'pending' ELSE 'unknown' END, changed_at = now(),
    reason = 'the notifier ended while it was sending'
FROM platform.alerts a
WHERE a.id = d.alert_id AND d.state = 'sending' AND d.changed_at < now() - $1::interval
"""
_SHED: Final = """
UPDATE platform.deliveries SET state = 'dropped', changed_at = now(), reason = 'more waited than may wait'
WHERE state = 'pending' AND channel = $1 AND (alert_id, occasion) IN (
    SELECT d.alert_id, d.occasion FROM platform.deliveries d JOIN platform.alerts a ON a.id = d.alert_id
    WHERE d.channel = $1 AND d.state = 'pending'
    ORDER BY array_position(ARRAY['critical', 'high', 'normal', 'low'], a.priority), d.due_at DESC OFFSET $2)
RETURNING alert_id
"""
_WAITING: Final = """
SELECT channel, count(*) AS count FROM platform.deliveries WHERE state IN ('pending', 'sending') GROUP BY channel
"""


class Outbox:
    """The table over a pool; every method raises TransientError where PostgreSQL does not answer."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        """Use `pool`, which the caller closes."""
        self._pool = pool

    async def due(self, channel: str, limit: int) -> list[Due]:
        """What may be told on a channel now, the longest waiting first."""
        with postgres_errors():
            rows = await self._pool.fetch(_DUE, channel, limit)
        return [Due(alert=alert_of(row), occasion=row["occasion"], attempts=row["attempts"]) for row in rows]

    async def claim(self, channel: str, batch: Sequence[Due]) -> bool:
        """Note that the batch is being sent; False where somebody else has a part of it."""
        with postgres_errors():
            async with self._pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                rows = await connection.fetch(_CLAIM, channel, *_keys(batch))
                if len(rows) == len(batch):
                    await transaction.commit()
                    return True
                await transaction.rollback()
                return False

    async def finish(
        self, channel: str, batch: Sequence[Due], state: DeliveryState, reason: str = "", pause: timedelta = timedelta()
    ) -> None:
        """Note what became of a batch; what is pending again is due after `pause`."""
        with postgres_errors():
            await self._pool.execute(_FINISH, channel, *_keys(batch), state.value, reason, pause)

    async def settle(self, lease: timedelta = _LEASE) -> None:
        """Give up what was claimed so long ago that its sender must have ended."""
        with postgres_errors():
            await self._pool.execute(_ABANDONED, lease)

    async def shed(self, channel: str, most: int) -> int:
        """Drop what waits beyond `most`, the least urgent and oldest first; how many."""
        with postgres_errors():
            return len(await self._pool.fetch(_SHED, channel, most))

    async def waiting(self) -> dict[str, int]:
        """How many wait, by channel."""
        with postgres_errors():
            return {row["channel"]: row["count"] for row in await self._pool.fetch(_WAITING)}


def _keys(batch: Sequence[Due]) -> tuple[list[UUID], list[str]]:
    return [UUID(each.alert.id) for each in batch], [each.occasion for each in batch]
