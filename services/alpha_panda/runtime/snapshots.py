"""Where a task keeps its state with the offsets that the state is exact for: one row, one statement, so never apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import asyncpg
import msgspec

from alpha_panda.runtime.store_errors import postgres_errors

Offsets = dict[str, dict[int, int]]
"""By full topic name and partition: the next offset to read or write."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A task at a moment: its last closed epoch, what it has read and written, and its processor's state."""

    epoch: int | None
    offsets: Offsets
    outputs: Offsets
    state: bytes
    finished: bool = False
    """True after the final epoch of a replay."""


class SnapshotStore(Protocol):
    """Where snapshots are kept."""

    async def load(self, service: str, task: str) -> Snapshot | None:
        """The task's last snapshot."""

    async def save(self, service: str, task: str, snapshot: Snapshot) -> None:
        """Replace the task's snapshot."""


class PostgresSnapshots:
    """Snapshots in the `snapshots` table of a schema (`market`, or a Broker's)."""

    def __init__(self, pool: asyncpg.Pool[Any], schema: str) -> None:
        """Use `schema`.snapshots over `pool`."""
        self._pool = pool
        self._table = f'"{schema}".snapshots'

    async def load(self, service: str, task: str) -> Snapshot | None:
        """The task's last snapshot; raises TransientError where PostgreSQL does not answer."""
        sql = f"SELECT epoch, offsets, outputs, state, finished FROM {self._table} WHERE service = $1 AND task = $2"  # noqa: S608 — the table is ours
        with postgres_errors():
            row = await self._pool.fetchrow(sql, service, task)
        if row is None:
            return None
        return Snapshot(
            epoch=row["epoch"],
            offsets=_offsets(row["offsets"]),
            outputs=_offsets(row["outputs"]),
            state=row["state"],
            finished=row["finished"],
        )

    async def save(self, service: str, task: str, snapshot: Snapshot) -> None:
        """Replace the task's snapshot in one statement."""
        sql = (
            f"INSERT INTO {self._table} (service, task, epoch, offsets, outputs, state, finished, written_at) "  # noqa: S608
            "VALUES ($1, $2, $3, $4, $5, $6, $7, now()) ON CONFLICT (service, task) DO UPDATE SET "
            "epoch = $3, offsets = $4, outputs = $5, state = $6, finished = $7, written_at = now()"
        )
        with postgres_errors():
            await self._pool.execute(
                sql,
                service,
                task,
                snapshot.epoch,
                json.dumps(snapshot.offsets),
                json.dumps(snapshot.outputs),
                snapshot.state,
                snapshot.finished,
            )


def _offsets(text: str) -> Offsets:
    return {topic: {int(p): offset for p, offset in ends.items()} for topic, ends in json.loads(text).items()}


def by_topic(offsets: Mapping[tuple[str, int], int]) -> Offsets:
    """Offsets of partitions, by topic first."""
    nested: Offsets = {}
    for (topic, partition), offset in sorted(offsets.items()):
        nested.setdefault(topic, {})[partition] = offset
    return nested
