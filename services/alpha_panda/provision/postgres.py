"""PostgreSQL as the plan says: schemas and their tables, roles and exactly their rights, in one transaction."""

from __future__ import annotations

import asyncpg
import msgspec

from alpha_panda.errors import UnavailableError
from alpha_panda.provision import scram
from alpha_panda.provision.changes import Changes, Owns
from alpha_panda.provision.grants import close_to_public, reconcile_grants
from alpha_panda.provision.migrations import forget, migrate
from alpha_panda.provision.sql import identifier, literal
from alpha_panda.topology.model import Plan, PostgresRole

OWNER = "alpha_panda"
_LOCK = 0x416C_7068_6150_616E
"""Key of the advisory lock that one provisioning holds at a time (`AlphaPan`)."""
_SECONDS = 30.0
_MEMBERS = """
SELECT m.rolname FROM pg_auth_members g JOIN pg_roles o ON o.oid = g.roleid JOIN pg_roles m ON m.oid = g.member
WHERE o.rolname = $1
"""
_SHUT_TO = """
SELECT name FROM current_database() AS name
WHERE NOT has_database_privilege($1, name, 'CONNECT') OR NOT has_database_privilege($1, name, 'TEMPORARY')
"""
"""This database, where the group lacks a right on it."""


class Differences(msgspec.Struct, frozen=True, kw_only=True):
    """What was, or would be, changed: logins and what is open to all, schemas with their tables, rights."""

    roles: Changes
    tables: Changes
    rights: Changes


async def provision_postgres(plan: Plan, dsn: str, *, owns: Owns, owner: str = OWNER) -> Changes:
    """Make schemas, tables, roles and rights what `plan` says; what was changed, empty when nothing was.

    `dsn` is an administrator's in the database of the platform (a superuser, or with CREATEROLE,
    pg_read_all_data and membership in `owner`); `owner` is the role that owns the database and all
    tables. Roles that provisioning made, that the plan lacks and `owns` claims are dropped, schemas
    never. All or nothing is done.
    Raises UnavailableError where the database does not do what it was asked.
    """
    connection = await connect(dsn)
    try:
        async with connection.transaction():
            done = await _reconcile(connection, plan, owns, owner)
            return (*done.roles, *done.tables, *done.rights)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        msg = f"PostgreSQL could not be made what the plan says: {error}"
        raise UnavailableError(msg, remedy="nothing was changed; see PostgreSQL's log") from error
    finally:
        await connection.close()


async def compare_postgres(plan: Plan, dsn: str, *, owner: str = OWNER) -> Differences:
    """What provisioning would do, found by doing it in a transaction that is rolled back.

    Raises as `provision_postgres`, and PandaError for a migration that was changed or is unknown.
    """
    connection = await connect(dsn)
    try:
        transaction = connection.transaction()
        await transaction.start()
        try:
            return await _reconcile(connection, plan, lambda _: False, owner)
        finally:
            await transaction.rollback()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise UnavailableError(f"PostgreSQL could not be compared with the plan: {error}") from error
    finally:
        await connection.close()


async def connect(dsn: str) -> asyncpg.Connection:
    """The administrator's connection; raises UnavailableError."""
    try:
        return await asyncpg.connect(dsn, timeout=_SECONDS, command_timeout=_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        msg = f"PostgreSQL does not let the administrator in: {error}"
        raise UnavailableError(msg, remedy="see PostgreSQL's log") from error


async def drop_schema(dsn: str, schema: str, *, platform: str, owner: str = OWNER) -> Changes:
    """Delete a Broker's schema with all its tables."""
    connection = await asyncpg.connect(dsn, timeout=_SECONDS, command_timeout=_SECONDS)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            if not await connection.fetchval("SELECT true FROM pg_namespace WHERE nspname = $1", schema):
                return ()
            await connection.execute(f"SET LOCAL ROLE {identifier(owner)}")
            await connection.execute(f"DROP SCHEMA {identifier(schema)} CASCADE")
            await forget(connection, platform, schema)
            return (f"schema {schema}: deleted",)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        msg = f"schema {schema} could not be deleted: {error}"
        raise UnavailableError(msg, remedy="stop what uses it, then ask for the deletion again") from error
    finally:
        await connection.close()


async def _reconcile(connection: asyncpg.Connection, plan: Plan, owns: Owns, owner: str) -> Differences:
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    group = f"{owner}_services"
    closed = await close_to_public(connection)
    await _make_group(connection, group)
    roles = await _reconcile_roles(connection, plan.postgres_roles, group, owns)
    await connection.execute(f"SET LOCAL ROLE {identifier(owner)}")
    tables = await migrate(connection, plan.postgres_schemas)
    grants = await reconcile_grants(connection, plan.postgres_roles)
    await connection.execute("RESET ROLE")
    return Differences(roles=(*closed, *roles), tables=tables, rights=grants)


async def _make_group(connection: asyncpg.Connection, group: str) -> None:
    """The group of our roles, and what all of them may do in this database: connect, and make temporary tables.

    Roles belong to the server and rights to a database: a group that another database brought has none here.
    """
    if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", group):
        await connection.execute(f"CREATE ROLE {identifier(group)} NOLOGIN")
    database = await connection.fetchval(_SHUT_TO, group)
    if database:
        await connection.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {identifier(database)} TO {identifier(group)}")


async def _reconcile_roles(
    connection: asyncpg.Connection, planned: tuple[PostgresRole, ...], group: str, owns: Owns
) -> Changes:
    ours = {row["rolname"] for row in await connection.fetch(_MEMBERS, group)}
    stored = await connection.fetch(
        "SELECT rolname, rolpassword, rolcanlogin FROM pg_authid WHERE rolname = ANY($1)",
        [role.name for role in planned],
    )
    passwords = {row["rolname"]: row["rolpassword"] if row["rolcanlogin"] else None for row in stored}
    lines = []
    for role in planned:
        name = identifier(role.name)
        if role.name not in passwords:
            await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD {literal(scram.verifier(role.password))}")
            lines.append(f"PostgreSQL role {role.name}: created")
        elif not scram.fits(role.password, passwords[role.name]):
            await connection.execute(f"ALTER ROLE {name} LOGIN PASSWORD {literal(scram.verifier(role.password))}")
            lines.append(f"PostgreSQL role {role.name}: password changed")
        if role.name not in ours:
            await connection.execute(f"GRANT {identifier(group)} TO {name}")
    for surplus in sorted(ours - {role.name for role in planned}):
        if not owns(surplus):
            continue
        await _drop(connection, surplus)
        lines.append(f"PostgreSQL role {surplus}: dropped")
    return tuple(lines)


async def _drop(connection: asyncpg.Connection, role: str) -> None:
    """Drop a role with its rights, and end its connections, which would outlive it."""
    await connection.execute(f"DROP OWNED BY {identifier(role)}")
    await connection.execute(f"DROP ROLE {identifier(role)}")
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", role)
