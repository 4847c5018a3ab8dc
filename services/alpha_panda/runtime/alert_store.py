"""Alerts in PostgreSQL: changes folded in, what is to be told put out for each channel in the same transaction.

The notifier writes; the API and `panda` list and acknowledge. All of it is safe to do twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from alpha_panda.domain.alerts import Alert, AlertState, Change, Kind, Priority, Raised, Step, raised, resolved
from alpha_panda.domain.channels import Channel
from alpha_panda.runtime.store_errors import postgres_errors

_LOCK: Final = 0x416C_6572_7473
"""Key of the advisory lock under which changes are folded in (`Alerts`)."""
_FIELDS: Final = Alert.__struct_fields__
_COLUMNS: Final = ", ".join(_FIELDS)
_CHANGED: Final = ", ".join(f"{name} = EXCLUDED.{name}" for name in _FIELDS if name not in ("id", "key", "raised_at"))
_LATEST: Final = f"""
SELECT DISTINCT ON (key) {_COLUMNS} FROM platform.alerts WHERE key = ANY($1) ORDER BY key, written_at DESC, id DESC
"""  # noqa: S608 - constants
_GOING_ON: Final = f"SELECT {_COLUMNS} FROM platform.alerts WHERE state <> 'resolved' ORDER BY key"  # noqa: S608
_WRITE: Final = f"""
INSERT INTO platform.alerts ({_COLUMNS}, written_at)
VALUES ({", ".join(f"${number}" for number in range(1, len(_FIELDS) + 1))}, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET {_CHANGED}
"""  # noqa: S608
_PUT_OUT: Final = """
INSERT INTO platform.deliveries (alert_id, occasion, channel, state, due_at, changed_at)
VALUES ($1, $2, $3, 'pending', now(), now()) ON CONFLICT DO NOTHING
"""
_CHANNELS: Final = "SELECT settings FROM platform.channels ORDER BY name"
_PRUNE: Final = """
DELETE FROM platform.alerts WHERE state = 'resolved' AND written_at < now() - make_interval(days => $1)
"""
_ACKNOWLEDGE: Final = """
UPDATE platform.alerts SET state = 'acknowledged', acknowledged_at = now(), acknowledged_by = $2
WHERE id = $1 AND state = 'open' RETURNING id
"""


class AlertStore:
    """The table over a pool; every method raises TransientError where PostgreSQL does not answer."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        """Use `pool`, which the caller closes."""
        self._pool = pool

    @property
    def pool(self) -> asyncpg.Pool[Any]:
        """The pool, for `alert_pages`."""
        return self._pool

    async def apply(self, changes: Sequence[Change]) -> list[Step]:
        """Fold the changes in, all or none, and put out what is to be told; what each of them made."""
        if not changes:
            return []
        with postgres_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                book = await _load(connection, changes)
                steps = fold(book, changes)
                if not steps:
                    return []
                latest = {step.alert.id: step.alert for step in steps}
                await connection.executemany(_WRITE, [_values(alert) for alert in latest.values()])
                rows = await _to_tell(connection, steps)
                if rows:
                    await connection.executemany(_PUT_OUT, rows)
                return steps

    async def going_on(self) -> tuple[Alert, ...]:
        """Every condition that is not resolved."""
        with postgres_errors():
            return tuple(alert_of(row) for row in await self._pool.fetch(_GOING_ON))

    async def acknowledge(self, alert_id: UUID, actor: str) -> bool:
        """Note that somebody deals with it; False where it is not open."""
        with postgres_errors():
            async with self._pool.acquire() as connection:
                return await acknowledge(connection, alert_id, actor)

    async def prune(self, days: int) -> None:
        """Forget what was over so long ago, with what was told of it."""
        with postgres_errors():
            await self._pool.execute(_PRUNE, days)


async def acknowledge(connection: Any, alert_id: UUID, actor: str) -> bool:  # noqa: ANN401 - asyncpg has no usable type
    """Note over one connection that somebody deals with an alert; False where it is not open."""
    with postgres_errors():
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            return await connection.fetchval(_ACKNOWLEDGE, alert_id, actor) is not None


def fold(book: dict[str, Alert], changes: Iterable[Change]) -> list[Step]:
    """Apply changes to alerts by key (the latest of each), in order; the book is what they made of it."""
    steps: list[Step] = []
    for change in changes:
        if isinstance(change, Raised):
            made = [raised(book.get(change.key), change)]
        else:
            made = [resolved(alert, change) for alert in list(book.values()) if change.concerns(alert.key)]
        for step in made:
            if step is not None:
                book[step.alert.key] = step.alert
                steps.append(step)
    return steps


async def _load(connection: Any, changes: Sequence[Change]) -> dict[str, Alert]:  # noqa: ANN401 - asyncpg has no usable type
    keys = sorted({change.key for change in changes if isinstance(change, Raised)})
    rows = [*await connection.fetch(_LATEST, keys), *await connection.fetch(_GOING_ON)]
    return {row["key"]: alert_of(row) for row in rows}


async def _to_tell(connection: Any, steps: Sequence[Step]) -> list[tuple[UUID, str, str]]:  # noqa: ANN401 - as above
    telling = [step for step in steps if step.occasion is not None]
    if not telling:
        return []
    channels = [msgspec.json.decode(row["settings"], type=Channel) for row in await connection.fetch(_CHANNELS)]
    return [
        (UUID(step.alert.id), step.occasion or "", channel.name)
        for step in telling
        for channel in channels
        if channel.wants(step.alert)
    ]


def _values(alert: Alert) -> tuple[object, ...]:
    return tuple(UUID(alert.id) if name == "id" else getattr(alert, name) for name in _FIELDS)


def alert_of(row: Mapping[str, Any]) -> Alert:
    """The alert in a row; times are UTC."""
    values = {name: row[name] for name in _FIELDS}
    for name in ("raised_at", "last_at", "resolved_at"):
        values[name] = None if values[name] is None else _utc(values[name])
    return Alert(
        **{
            **values,
            "id": str(row["id"]),
            "kind": Kind(row["kind"]),
            "priority": Priority(row["priority"]),
            "state": AlertState(row["state"]),
        }
    )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
