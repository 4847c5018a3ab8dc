"""Pages of alerts for people: the latest first, by state, kind and Broker; the API and `panda alerts` ask here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

import msgspec

from alpha_panda.domain.alerts import Alert
from alpha_panda.runtime.alert_store import alert_of
from alpha_panda.runtime.store_errors import postgres_errors

_SELECT: Final = """
SELECT * FROM platform.alerts
WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR broker = $3)
  AND ($4::text IS NULL OR array_position(ARRAY['critical', 'high', 'normal', 'low'], priority)
       <= array_position(ARRAY['critical', 'high', 'normal', 'low'], $4))
  AND ($5::timestamptz IS NULL OR (written_at, id) < ($5, $6::uuid))
ORDER BY written_at DESC, id DESC LIMIT $7
"""


class Place(NamedTuple):
    """The last alert of a page."""

    at: datetime
    id: UUID


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is filtered by; None does not filter. `priority` is the least urgent to show."""

    state: str | None = None
    kind: str | None = None
    broker: str | None = None
    priority: str | None = None


class ListedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert with what only lists show."""

    alert: Alert
    written_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None


class Fetches(Protocol):
    """A pool or a connection of asyncpg."""

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        """Rows."""


async def list_alerts(
    source: Fetches, wanted: Wanted, limit: int, after: Place | None = None
) -> tuple[list[ListedAlert], Place | None]:
    """Up to `limit` alerts, the latest first, and where the next page begins; None on the last.

    Raises:
        TransientError: PostgreSQL does not answer.
    """
    at, identity = (None, None) if after is None else after
    filters = (wanted.state, wanted.kind, wanted.broker, wanted.priority)
    with postgres_errors():
        rows = await source.fetch(_SELECT, *filters, at, identity, limit + 1)
    page = [_listed(row) for row in rows[:limit]]
    more = len(rows) > limit
    return page, Place(rows[limit - 1]["written_at"], rows[limit - 1]["id"]) if more else None


def _listed(row: Any) -> ListedAlert:  # noqa: ANN401 - asyncpg has no usable type
    acknowledged = row["acknowledged_at"]
    return ListedAlert(
        alert=alert_of(row),
        written_at=row["written_at"].astimezone(UTC),
        acknowledged_at=None if acknowledged is None else acknowledged.astimezone(UTC),
        acknowledged_by=row["acknowledged_by"],
    )
