"""Where a task keeps its state with the offsets that the state is exact for: one row, one statement, so never apart."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import asyncpg
import msgspec
import structlog

from alpha_panda.events.fences import Raised
from alpha_panda.runtime.owners import Owners, PostgresOwners, owned, require_owned
from alpha_panda.runtime.seals import UnreadableSnapshotError, open_seal, seal
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
    fences: Raised = {}
    """The claims that what stands at these offsets and behind is measured by."""
    fence: int | None = None
    """The fence of who saves it; a store that knows owners keeps it for the task's present owner only."""

    @property
    def positions(self) -> dict[tuple[str, int], int]:
        """The next offset to read, by topic and partition."""
        return {(topic, p): offset for topic, ends in self.offsets.items() for p, offset in ends.items()}


class SnapshotStore(Protocol):
    """Where snapshots are kept."""

    async def load(self, service: str, task: str) -> Snapshot | None:
        """The task's last snapshot."""

    async def save(self, service: str, task: str, snapshot: Snapshot) -> None:
        """Replace the task's snapshot; raises FencedError where the task has another owner."""


class OwnedSnapshots(SnapshotStore, Protocol):
    """Where snapshots are kept beside the owners of their tasks."""

    owners: Owners


class PostgresSnapshots:
    """Snapshots in the `snapshots` table of a schema (`market`, or a Broker's)."""

    def __init__(self, pool: asyncpg.Pool[Any], schema: str) -> None:
        """Use `schema`.snapshots and `schema`.owners over `pool`."""
        self.owners: Owners = PostgresOwners(pool, schema)
        self._pool = pool
        self._schema = schema
        self._table = f'"{schema}".snapshots'

    async def load(self, service: str, task: str) -> Snapshot | None:
        """The task's last snapshot.

        Raises TransientError where PostgreSQL does not answer, UnreadableSnapshotError where it is not what was kept.
        """
        columns = "epoch, offsets, outputs, state, finished, fences"
        sql = f"SELECT {columns} FROM {self._table} WHERE service = $1 AND task = $2"  # noqa: S608 — the table is ours
        with postgres_errors():
            row = await self._pool.fetchrow(sql, service, task)
        if row is None:
            return None
        return _opened(row, _whose(service, task))

    async def save(self, service: str, task: str, snapshot: Snapshot) -> None:
        """Replace the task's snapshot in one statement, as its owner."""
        fence = snapshot.fence or 0
        sql = (
            f"WITH owned AS ({owned(self._schema, '$1::text', '$2::text', '$9::bigint')}), saved AS ("  # noqa: S608
            f"INSERT INTO {self._table} (service, task, epoch, offsets, outputs, state, finished, fences, written_at) "
            "SELECT $1::text, $2::text, $3::bigint, $4::jsonb, $5::jsonb, $6::bytea, $7::boolean, $8::jsonb, now() "
            "FROM owned ON CONFLICT (service, task) DO UPDATE SET epoch = EXCLUDED.epoch, "
            "offsets = EXCLUDED.offsets, outputs = EXCLUDED.outputs, state = EXCLUDED.state, "
            "finished = EXCLUDED.finished, fences = EXCLUDED.fences, written_at = EXCLUDED.written_at) "
            "SELECT count(*) FROM owned"
        )
        with postgres_errors():
            kept = await self._pool.fetchval(
                sql,
                service,
                task,
                snapshot.epoch,
                json.dumps(snapshot.offsets),
                json.dumps(snapshot.outputs),
                seal(snapshot.state, _whose(service, task)),
                snapshot.finished,
                msgspec.json.encode(snapshot.fences).decode(),
                fence,
            )
        require_owned(kept, task, fence)


async def restore_last(
    store: SnapshotStore, service: str, task: str, restore: Callable[[bytes], None]
) -> tuple[Snapshot | None, str]:
    """The last snapshot, its state given to `restore`; for one that cannot be read None and what is to be said.

    Nothing is lost with it: the log has it all.
    """
    try:
        snapshot = await store.load(service, task)
        if snapshot is not None:
            restore(snapshot.state)
    except UnreadableSnapshotError as error:
        note = f"the snapshot of {task} cannot be read, it is rebuilt from the log: {error}"
        structlog.get_logger().error("snapshot not readable: rebuilt from the log", task=task, reason=str(error))
        return None, note
    return snapshot, ""


def _opened(row: Mapping[str, Any], whose: bytes) -> Snapshot:
    """The snapshot in a row of the table; raises UnreadableSnapshotError where it is not what was kept."""
    try:
        return Snapshot(
            epoch=row["epoch"],
            offsets=_offsets(row["offsets"]),
            outputs=_offsets(row["outputs"]),
            state=open_seal(row["state"], whose),
            finished=row["finished"],
            fences=msgspec.json.decode(row["fences"], type=Raised),
        )
    except (ValueError, TypeError, AttributeError, msgspec.MsgspecError) as error:
        raise UnreadableSnapshotError(f"its offsets are none: {error}") from error


def _whose(service: str, task: str) -> bytes:
    return f"{service}/{task}".encode()


def _offsets(text: str) -> Offsets:
    return {topic: {int(p): offset for p, offset in ends.items()} for topic, ends in json.loads(text).items()}


def by_topic(offsets: Mapping[tuple[str, int], int]) -> Offsets:
    """Offsets of partitions, by topic first."""
    nested: Offsets = {}
    for (topic, partition), offset in sorted(offsets.items()):
        nested.setdefault(topic, {})[partition] = offset
    return nested


def lowest(
    offsets: Mapping[tuple[str, int], int], *needed: Iterable[tuple[tuple[str, int], int]]
) -> dict[tuple[str, int], int]:
    """By partition: the lowest offset that is needed, or where reading has come to."""
    found = dict(offsets)
    for where, offset in itertools.chain(*needed):
        found[where] = min(found[where], offset)
    return found


def earliest(offsets: Mapping[tuple[str, int], int], outputs: Offsets) -> dict[tuple[str, int], int]:
    """By partition: from where it may be read again, be it as an input or as an output of one's own."""
    found = dict(offsets)
    for topic, ends in outputs.items():
        for partition, end in ends.items():
            found[topic, partition] = min(end, found.get((topic, partition), end))
    return found
