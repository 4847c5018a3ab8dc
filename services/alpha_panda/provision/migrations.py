"""The tables of the platform, of the market and of each Broker: numbered SQL files, each run once per schema.

A file that has run is never changed; `migrations` in the platform's schema remembers each one's hash
and refuses one that was.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

import asyncpg
import msgspec

from alpha_panda.errors import PandaError, UnavailableError
from alpha_panda.provision.changes import Changes
from alpha_panda.provision.sql import identifier
from alpha_panda.topology.model import PostgresSchema

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_RECORD = "migrations"


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """One SQL file; plain statements without a schema, which the search path names."""

    number: int
    name: str
    sql: str
    sha256: str


def load(folder: str, root: Traversable | None = None) -> tuple[Migration, ...]:
    """The migrations of `platform`, `market` or `broker` in order; numbers must run from 1 without a gap."""
    place = (root or files("alpha_panda").joinpath("migrations")).joinpath(folder)
    found = sorted((_read(entry) for entry in place.iterdir()), key=lambda migration: migration.number)
    numbers = [migration.number for migration in found]
    if numbers != list(range(1, len(found) + 1)):
        msg = f"the migrations of {folder} are numbered {numbers}, not from 1 without a gap"
        raise PandaError(msg)
    return tuple(found)


async def migrate(connection: asyncpg.Connection, schemas: Sequence[PostgresSchema]) -> Changes:
    """Make the schemas and run what has not run in them, inside the caller's transaction and as its role.

    Raises UnavailableError where a file was changed after it ran, or the database is newer than this program.
    """
    platform = next((schema.name for schema in schemas if schema.migrations == "platform"), None)
    if platform is None:
        msg = "the plan has no platform schema, where the migrations are recorded"
        raise PandaError(msg)
    record = f"{identifier(platform)}.{identifier(_RECORD)}"
    lines = await _make_schemas(connection, schemas)
    await connection.execute(
        f"CREATE TABLE IF NOT EXISTS {record} (schema text, number integer, name text NOT NULL,"
        " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (schema, number))"
    )
    done = {(row["schema"], row["number"]): row for row in await connection.fetch(f"SELECT * FROM {record}")}  # noqa: S608
    for schema in schemas:
        migrations = load(schema.migrations)
        _refuse_newer(schema, {number for name, number in done if name == schema.name}, len(migrations))
        for migration in migrations:
            recorded = done.get((schema.name, migration.number))
            if recorded is not None:
                _refuse_changed(schema, migration, recorded["sha256"])
                continue
            await _run(connection, schema, migration, record)
            lines.append(f"schema {schema.name}: {migration.name} run")
    return tuple(lines)


async def forget(connection: asyncpg.Connection, platform: str, schema: str) -> None:
    """Forget what has run in a schema that was dropped."""
    record = f"{identifier(platform)}.{identifier(_RECORD)}"
    await connection.execute(f"DELETE FROM {record} WHERE schema = $1", schema)  # noqa: S608 - quoted


async def _make_schemas(connection: asyncpg.Connection, schemas: Sequence[PostgresSchema]) -> list[str]:
    names = [schema.name for schema in schemas]
    rows = await connection.fetch("SELECT nspname FROM pg_namespace WHERE nspname = ANY($1)", names)
    present = {row["nspname"] for row in rows}
    missing = [name for name in names if name not in present]
    for name in missing:
        await connection.execute(f"CREATE SCHEMA {identifier(name)}")
    return [f"schema {name}: created" for name in missing]


async def _run(connection: asyncpg.Connection, schema: PostgresSchema, migration: Migration, record: str) -> None:
    await connection.execute(f"SET LOCAL search_path TO {identifier(schema.name)}")
    try:
        await connection.execute(migration.sql)
    except asyncpg.PostgresError as error:
        msg = f"migration {migration.name} failed in schema {schema.name}: {error}"
        raise UnavailableError(msg, remedy="nothing of it was kept; mend what it names and start again") from error
    finally:
        if not connection.is_in_transaction():
            msg = f"migration {migration.name} must not end the transaction"
            raise PandaError(msg)
    await connection.execute(
        f"INSERT INTO {record} (schema, number, name, sha256) VALUES ($1, $2, $3, $4)",  # noqa: S608 - quoted
        *(schema.name, migration.number, migration.name, migration.sha256),
    )


def _refuse_changed(schema: PostgresSchema, migration: Migration, sha256: str) -> None:
    if migration.sha256 == sha256:
        return
    msg = f"migration {migration.name} was changed after it had run in schema {schema.name}"
    raise UnavailableError(msg, remedy="undo that change and put it into a new migration with the next number")


def _refuse_newer(schema: PostgresSchema, done: set[int], known: int) -> None:
    newest = max(done, default=0)
    if newest <= known:
        return
    msg = f"schema {schema.name} is at migration {newest}, this version of Alpha Panda knows {known}"
    raise UnavailableError(msg, remedy="use the version of Alpha Panda that the database was last used with, or newer")


def _read(entry: Traversable) -> Migration:
    match = _NAME.fullmatch(entry.name)
    if match is None:
        msg = f"{entry.name} is not a migration: their names are like 0001_initial.sql"
        raise PandaError(msg)
    content = entry.read_bytes()
    return Migration(
        number=int(match[1]), name=entry.name, sql=content.decode(), sha256=hashlib.sha256(content).hexdigest()
    )
