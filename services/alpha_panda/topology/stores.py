"""Users of Redis, schemas and roles of PostgreSQL: a Broker's keys and tables only for those that serve it."""

from __future__ import annotations

from typing import Final

from alpha_panda.topology.claims import HeldBroker
from alpha_panda.topology.credentials import derive
from alpha_panda.topology.graph import MARKET_SCHEMA, PLATFORM_SCHEMA, Redis, Table
from alpha_panda.topology.instances import Instance
from alpha_panda.topology.model import Grant, PostgresRole, PostgresSchema, RedisUser, ServicePlan
from alpha_panda.topology.names import halts_key, role, trading_switch
from alpha_panda.topology.settings import PlatformSettings

SESSION_TABLE: Final = "kite_session"
"""Where a Broker's login at its exchange is kept; who uses it also says there that it was refused."""
USE_LOGIN: Final = ("SELECT", "UPDATE")
KEEP_LOGIN: Final = ("SELECT", "INSERT", "UPDATE")
"""On a cluster people log in through the pod that trades (see `zerodha.entrance`)."""
KEYLESS: Final = ("-scan", "-randomkey", "-dbsize")
"""Commands that tell of keys without naming one, so that no key pattern stops them."""
DANGEROUS: Final = ("-@admin", "-@dangerous")
ALLOWED: Final = {
    Redis.HALTS: ("+get", "+hgetall", "+@connection"),
    Redis.READ: ("+@read", "+@connection"),
    Redis.WRITE: ("+@read", "+@write", "+@connection", "+@transaction", "+eval", "+evalsha", "+script|load"),
}
"""Redis 6.2 has no key pattern for reading alone, so a reader is held back by its commands."""


def redis_users(
    found: tuple[Instance, ...], services: tuple[ServicePlan, ...], settings: PlatformSettings, master_secret: bytes
) -> tuple[RedisUser, ...]:
    """A user for each service that uses Redis, sorted by name."""
    return tuple(
        RedisUser(
            name=service.principal,
            password=derive(master_secret, service.principal, settings.secret_generation),
            rules=_rules(instance, settings.prefix),
        )
        for instance, service in zip(found, services, strict=True)
        if instance.row.redis is not Redis.NONE
    )


def _rules(instance: Instance, prefix: str) -> tuple[str, ...]:
    use = instance.row.redis
    switch = (trading_switch(prefix), halts_key(prefix))
    keys = switch if use is Redis.HALTS else tuple(f"{broker}:*" for broker in instance.brokers)
    return key_rules(keys, ALLOWED[use])


def key_rules(keys: tuple[str, ...], allowed: tuple[str, ...]) -> tuple[str, ...]:
    """ACL rules for these keys (or patterns) and commands, and nothing else."""
    return ("resetkeys", *(f"~{key}" for key in keys), "resetchannels", "-@all", *allowed, *DANGEROUS, *KEYLESS)


def postgres_schemas(brokers: tuple[HeldBroker, ...]) -> tuple[PostgresSchema, ...]:
    """The shared schemas and one for each Broker, under its own name, sorted."""
    schemas = [
        PostgresSchema(name=PLATFORM_SCHEMA, migrations="platform"),
        PostgresSchema(name=MARKET_SCHEMA, migrations="market"),
        *(PostgresSchema(name=broker.name, migrations="broker") for broker in brokers),
    ]
    return tuple(sorted(schemas, key=lambda each: each.name))


def postgres_roles(
    found: tuple[Instance, ...], services: tuple[ServicePlan, ...], settings: PlatformSettings, master_secret: bytes
) -> tuple[PostgresRole, ...]:
    """A role for each service that uses PostgreSQL, sorted by name."""
    roles = [
        PostgresRole(
            name=role(service.principal),
            password=derive(master_secret, service.principal, settings.secret_generation),
            grants=_grants(instance),
        )
        for instance, service in zip(found, services, strict=True)
        if instance.row.tables or instance.sessions
    ]
    return tuple(sorted(roles, key=lambda each: each.name))


def _grants(instance: Instance) -> tuple[Grant, ...]:
    grants = [
        Grant(schema=schema, table=table.name, privileges=table.privileges)
        for table in instance.row.tables
        for schema in _schemas(table, instance)
    ]
    grants += [
        Grant(schema=schema, table=SESSION_TABLE, privileges=USE_LOGIN if instance.broker is None else KEEP_LOGIN)
        for schema in instance.sessions
    ]
    return tuple(sorted(grants, key=lambda each: (each.schema, each.table)))


def _schemas(table: Table, instance: Instance) -> tuple[str, ...]:
    return instance.brokers if table.brokers else (table.schema,)
