"""The resources of a run in PostgreSQL: as they are now, and every change that made them so.

People write through `panda apply` and `panda delete`; the supervisor reads, and is told of each change by
NOTIFY on `CHANNEL`. Changes are serialised by one lock, so that a change is checked against what it replaces.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, cast

import asyncpg
import msgspec

from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.common import API_VERSION
from alpha_panda.resources.documents import Document, read_object, write_object
from alpha_panda.resources.problems import Problem, ResourceError, shown
from alpha_panda.resources.rules import validate_change
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import Strategy

CHANNEL: Final = "resources"
"""LISTEN here: a notification per transaction that changed something; its payload is the newest version."""

_LOCK: Final = 0x5265_736F_7572_6365
"""Key of the advisory lock that one change holds at a time (`Resource`)."""
_COLUMNS: Final = "kind, name, uid, generation, created_at, changed_at, changed_by, labels, annotations, spec"
_SELECT: Final = f"SELECT {_COLUMNS} FROM platform.resources"  # noqa: S608 - constants
_SELECT_NAMED: Final = f"{_SELECT} WHERE kind = $1 AND ($2::text[] IS NULL OR name = ANY($2)) ORDER BY name"
_COMPARE: Final = f"""
SELECT {_COLUMNS},
       spec::text = $3::jsonb::text AS same_spec,
       labels::text = $4::jsonb::text AND annotations::text = $5::jsonb::text AS same_metadata
FROM platform.resources WHERE kind = $1 AND name = $2
"""  # noqa: S608 - constants
_CREATE: Final = """
INSERT INTO platform.resources
    (kind, name, uid, generation, created_at, changed_at, changed_by, labels, annotations, spec)
SELECT $1, $2, gen_random_uuid(), 1, now.at, now.at, $6, $4::jsonb, $5::jsonb, $3::jsonb
FROM (SELECT clock_timestamp() AS at) AS now
"""
_CONFIGURE: Final = """
UPDATE platform.resources
SET generation = generation + CASE WHEN spec::text = $3::jsonb::text THEN 0 ELSE 1 END,
    spec = $3::jsonb, labels = $4::jsonb, annotations = $5::jsonb, changed_by = $6, changed_at = clock_timestamp()
WHERE kind = $1 AND name = $2
"""
_SIGN: Final = """
UPDATE platform.resources SET changed_by = $3, changed_at = clock_timestamp()
WHERE kind = $1 AND name = ANY($2) RETURNING name
"""
_RECORD: Final = """
INSERT INTO platform.resource_changes (kind, name, uid, generation, action, changed_by, changed_at, spec)
SELECT kind, name, uid, generation, $3, changed_by, changed_at, spec
FROM platform.resources WHERE kind = $1 AND name = ANY($2) ORDER BY name
"""
_DELETE: Final = "DELETE FROM platform.resources WHERE kind = $1 AND name = ANY($2)"
_NOTIFY: Final = "SELECT pg_notify($1, max(version)::text) FROM platform.resource_changes"
_CHANGES: Final = """
SELECT version, kind, name, uid, generation, action, changed_by, changed_at, spec
FROM platform.resource_changes WHERE kind = $1 AND name = $2 ORDER BY version
"""


Edit = Callable[[Broker | Strategy], Broker | Strategy]
"""From a resource as it is to what it shall be."""


class Outcome(StrEnum):
    """What applying a document did, in kubectl's words."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one document."""

    kind: str
    name: str
    outcome: Outcome


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a resource's history. `version` counts all changes of a run; times are aware UTC."""

    version: int
    kind: str
    name: str
    uid: str
    generation: int
    action: str
    changed_by: str
    changed_at: datetime
    spec: dict[str, Any]
    """As it is after the change; of a deleted resource as it was last."""


class ResourceStore:
    """The resources over an open pool; every method raises UnavailableError where PostgreSQL does not answer."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        """Use `pool`, which the caller closes; its role may change the platform's tables."""
        self._pool = pool

    async def apply(self, documents: Sequence[Document], actor: str, *, dry_run: bool = False) -> tuple[Applied, ...]:
        """Make the resources what the documents say, all or none, and say what became of each, in their order.

        An unchanged spec keeps its generation. `dry_run` does everything and keeps nothing.

        Raises:
            ResourceError: changes that are not allowed, each with the document's place.
        """
        async with self._change(keep=not dry_run) as connection:
            return await _apply_all(connection, documents, actor)

    async def edit(self, kind: str, names: Iterable[str] | None, change: Edit, actor: str) -> tuple[Applied, ...]:
        """Change resources from what they are at this moment, all or none; without names all of the kind.

        The outcome of each that there is, by name.

        Raises:
            ResourceError: changes that are not allowed.
        """
        wanted = None if names is None else sorted(set(names))
        async with self._change(keep=True) as connection:
            rows = await connection.fetch(_SELECT_NAMED, kind, wanted)
            documents = [Document(change(_stored(row).resource), f"stored {kind} {row['name']}", 1) for row in rows]
            return await _apply_all(connection, documents, actor)

    async def delete(self, kind: str, names: Iterable[str], actor: str) -> tuple[str, ...]:
        """Delete those of `names` that exist, in one transaction; the names deleted, sorted."""
        wanted = sorted(set(names))
        async with self._change(keep=True) as connection:
            signed = await connection.fetch(_SIGN, kind, wanted, actor)
            deleted = tuple(sorted(row["name"] for row in signed))
            if deleted:
                await connection.execute(_RECORD, kind, deleted, "deleted")
                await connection.execute(_DELETE, kind, deleted)
                await connection.execute(_NOTIFY, CHANNEL)
        return deleted

    async def get(self, kind: str, name: str) -> StoredResource | None:
        """The resource, or None where there is none of this name."""
        rows = await self._fetch(f"{_SELECT} WHERE kind = $1 AND name = $2", kind, name)
        return _stored(rows[0]) if rows else None

    async def list(self, kind: str) -> tuple[StoredResource, ...]:
        """All resources of a kind, by name."""
        return tuple(_stored(row) for row in await self._fetch(f"{_SELECT} WHERE kind = $1 ORDER BY name", kind))

    async def load_all(self) -> tuple[StoredResource, ...]:
        """All resources as they were at one moment, by kind and name."""
        return tuple(_stored(row) for row in await self._fetch(f"{_SELECT} ORDER BY kind, name"))

    async def changes(self, kind: str, name: str) -> tuple[Change, ...]:
        """Who changed what and when, the oldest first; those of deleted resources of the name too."""
        rows = await self._fetch(_CHANGES, kind, name)
        return tuple(Change(**{**row, "uid": str(row["uid"]), "spec": json.loads(row["spec"])}) for row in rows)

    async def _fetch(self, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
        async with _translated():
            return cast("Sequence[asyncpg.Record]", await self._pool.fetch(query, *arguments))

    @asynccontextmanager
    async def _change(self, *, keep: bool) -> AsyncIterator[asyncpg.Connection]:
        """A transaction that no other change runs beside; it ends with the block, undone unless `keep`."""
        async with _translated(), self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                yield connection
            except BaseException:
                await transaction.rollback()
                raise
            await (transaction.commit() if keep else transaction.rollback())


async def _apply_all(connection: asyncpg.Connection, documents: Sequence[Document], actor: str) -> tuple[Applied, ...]:
    problems: list[Problem] = []
    applied = [await _apply_one(connection, document, actor, problems) for document in documents]
    if problems:
        raise ResourceError(problems)
    if any(each.outcome is not Outcome.UNCHANGED for each in applied):
        await connection.execute(_NOTIFY, CHANNEL)
    return tuple(applied)


async def _apply_one(
    connection: asyncpg.Connection, document: Document, actor: str, problems: list[Problem]
) -> Applied:
    resource = document.resource
    kind, metadata = resource.kind, resource.metadata
    spec = json.dumps(write_object(resource)["spec"])
    arguments = (kind, metadata.name, spec, json.dumps(metadata.labels), json.dumps(metadata.annotations))
    try:
        row = await connection.fetchrow(_COMPARE, *arguments)
    except asyncpg.UntranslatableCharacterError as error:
        msg = f"{document.source}:{document.line}:1: {kind} {metadata.name} holds the character U+0000"
        raise InputError(msg, remedy="remove it: no store can hold it") from error
    if row is None:
        await connection.execute(_CREATE, *arguments, actor)
        outcome = Outcome.CREATED
    elif row["same_spec"] and row["same_metadata"]:
        return Applied(kind=kind, name=metadata.name, outcome=Outcome.UNCHANGED)
    else:
        problems += _forbidden(_stored(row).resource, document)
        await connection.execute(_CONFIGURE, *arguments, actor)
        outcome = Outcome.CONFIGURED
    await connection.execute(_RECORD, kind, [metadata.name], outcome.value)
    return Applied(kind=kind, name=metadata.name, outcome=outcome)


def _forbidden(old: Broker | Strategy, document: Document) -> list[Problem]:
    """What the change from `old` to the document may not do; a document knows only its own line."""
    return [
        Problem(document.source, document.line, 1, each.field, f"{shown(each.value)}: {each.message}")
        for each in validate_change(old, document.resource)
    ]


def _stored(row: asyncpg.Record) -> StoredResource:
    metadata = {
        "name": row["name"],
        "labels": json.loads(row["labels"]),
        "annotations": json.loads(row["annotations"]),
    }
    value = {"apiVersion": API_VERSION, "kind": row["kind"], "metadata": metadata, "spec": json.loads(row["spec"])}
    return StoredResource(
        resource=read_object(value, f"stored {row['kind']} {row['name']}"),
        uid=str(row["uid"]),
        generation=row["generation"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Tell what PostgreSQL's silence means for the person who asked."""
    try:
        yield
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        msg = "the platform is still starting: its tables are not made yet"
        raise UnavailableError(msg, remedy="try again in a few seconds") from error
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError) as error:
        msg = f"the platform's PostgreSQL stopped answering: {str(error) or type(error).__name__}"
        raise UnavailableError(
            msg, remedy="see `panda status`; whether the last change was made, `panda get` tells"
        ) from error
