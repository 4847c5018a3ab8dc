"""Tables come from migrations that stay as they are, and rights are only given on such tables."""

import asyncpg
import msgspec
import pytest
from tests.integration.conftest import nobody
from tests.integration.local.plans import two_brokers

from alpha_panda.errors import PandaError, UnavailableError
from alpha_panda.local.stores import Stores
from alpha_panda.provision import provision_postgres
from alpha_panda.topology.model import Grant


async def test_a_changed_or_unknown_migration_is_refused(stores: Stores):
    plan = two_brokers("mg-", brokers=("alder",))
    dsn = stores.postgres.dsn()
    await provision_postgres(plan, dsn, owns=nobody)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("UPDATE platform.migrations SET sha256 = 'other' WHERE schema = 'mg-alder'")
        with pytest.raises(
            UnavailableError, match=r"0001_initial\.sql was changed after it had run in schema mg-alder"
        ):
            await provision_postgres(plan, dsn, owns=nobody)
        await connection.execute("UPDATE platform.migrations SET number = 7 WHERE schema = 'mg-alder' AND number = 1")
        with pytest.raises(UnavailableError, match="schema mg-alder is at migration 7, this version"):
            await provision_postgres(plan, dsn, owns=nobody)
    finally:
        await connection.execute('DROP SCHEMA "mg-alder" CASCADE')
        await connection.execute("DELETE FROM platform.migrations WHERE schema = 'mg-alder'")
        await connection.close()


async def test_a_right_on_a_table_that_no_migration_makes_is_refused_and_nothing_is_kept(stores: Stores):
    plan = two_brokers("nt-", brokers=("alder",))
    role = plan.postgres_roles[0]
    wrong = msgspec.structs.replace(role, grants=(Grant(schema="nt-alder", table="wishes", privileges=("SELECT",)),))
    with pytest.raises(PandaError, match="a table that no migration makes"):
        await provision_postgres(
            msgspec.structs.replace(plan, postgres_roles=(wrong,)), stores.postgres.dsn(), owns=nobody
        )
    connection = await asyncpg.connect(stores.postgres.dsn())
    assert await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = 'nt-alder'") == 0
    await connection.close()
