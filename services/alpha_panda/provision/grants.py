"""PostgreSQL's permissions: each role of ours has exactly the planned ones, PUBLIC has none.

A role may use the schemas that its grants name. All roles may connect and make temporary tables,
which staged COPY needs, by being members of one group; that group is also how ours are told from others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import asyncpg

from alpha_panda.errors import PandaError
from alpha_panda.provision.changes import Changes
from alpha_panda.provision.sql import identifier
from alpha_panda.topology.model import PostgresRole

TablePrivilege = tuple[str, str, str, str]
"""Role, schema, table, privilege."""
SchemaUse = tuple[str, str]
"""Role, schema."""

_TABLES = """
SELECT r.rolname, n.nspname, c.relname, a.privilege_type
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
JOIN pg_roles r ON r.oid = a.grantee
WHERE r.rolname = ANY($1) AND c.relkind IN ('r', 'p', 'v', 'm')
"""
_SCHEMAS = """
SELECT r.rolname, n.nspname
FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
WHERE r.rolname = ANY($1) AND a.privilege_type = 'USAGE'
"""
_PUBLIC = """
SELECT 'DATABASE ' || quote_ident(d.datname)
FROM pg_database d, aclexplode(COALESCE(d.datacl, acldefault('d', d.datdba))) a
WHERE d.datname = current_database() AND a.grantee = 0
UNION
SELECT 'SCHEMA public' FROM pg_namespace n, aclexplode(COALESCE(n.nspacl, acldefault('n', n.nspowner))) a
WHERE n.nspname = 'public' AND a.grantee = 0
"""


async def close_to_public(connection: asyncpg.Connection) -> Changes:
    """Take from PUBLIC what PostgreSQL gives it in a new database."""
    open_to_all = [row[0] for row in await connection.fetch(_PUBLIC)]
    for thing in open_to_all:
        await connection.execute(f"REVOKE ALL ON {thing} FROM PUBLIC")
    return tuple(f"{thing}: closed to PUBLIC" for thing in open_to_all)


async def reconcile_grants(connection: asyncpg.Connection, roles: Sequence[PostgresRole]) -> Changes:
    """Grant what is missing and revoke what is too much, as the owner of the tables."""
    names = [role.name for role in roles]
    wanted = set(_planned(roles))
    present: set[TablePrivilege] = {tuple(row) for row in await connection.fetch(_TABLES, names)}
    schemas_wanted: set[SchemaUse] = {(role, schema) for role, schema, _table, _privilege in wanted}
    schemas_present: set[SchemaUse] = {tuple(row) for row in await connection.fetch(_SCHEMAS, names)}
    statements = [
        *(_schema("GRANT", "TO", use) for use in sorted(schemas_wanted - schemas_present)),
        *(_table("GRANT", "TO", grant) for grant in sorted(wanted - present)),
        *(_table("REVOKE", "FROM", grant) for grant in sorted(present - wanted)),
        *(_schema("REVOKE", "FROM", use) for use in sorted(schemas_present - schemas_wanted)),
    ]
    if not statements:
        return ()
    try:
        await connection.execute(";\n".join(statements))
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        msg = f"the plan gives a right on a table that no migration makes: {error}"
        raise PandaError(msg) from error
    return tuple(f"PostgreSQL: {statement}" for statement in statements)


def _planned(roles: Iterable[PostgresRole]) -> Iterable[TablePrivilege]:
    for role in roles:
        for grant in role.grants:
            for privilege in grant.privileges:
                yield (role.name, grant.schema, grant.table, privilege.upper())


def _table(verb: str, preposition: str, grant: TablePrivilege) -> str:
    role, schema, table, privilege = grant
    return f"{verb} {privilege} ON {identifier(schema)}.{identifier(table)} {preposition} {identifier(role)}"


def _schema(verb: str, preposition: str, use: SchemaUse) -> str:
    role, schema = use
    return f"{verb} USAGE ON SCHEMA {identifier(schema)} {preposition} {identifier(role)}"
