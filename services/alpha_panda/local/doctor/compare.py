"""Compares each store with the plan of the stored resources; nothing is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from redis.exceptions import RedisError

from alpha_panda.errors import PandaError
from alpha_panda.local.doctor.ask_stores import Addresses
from alpha_panda.local.doctor.findings import Check
from alpha_panda.local.doctor.logins import logins, refused
from alpha_panda.local.doctor.stores import Comparison
from alpha_panda.local.kafka import ADMIN
from alpha_panda.local.layout import Layout
from alpha_panda.local.resource_access import open_resources
from alpha_panda.local.run_file import Run, load_run
from alpha_panda.provision import compare_postgres, compare_redis, everyone_but
from alpha_panda.provision.acls import compare_acls
from alpha_panda.provision.changes import Changes
from alpha_panda.provision.topics import compare_topics
from alpha_panda.topology.model import Plan
from alpha_panda.topology.planner import plan


async def planned(layout: Layout) -> Plan:
    """What should exist for the resources that are stored; raises UnavailableError where they cannot be read."""
    run = load_run(layout) or Run()
    async with open_resources(layout.root) as store:
        resources = await store.load_all()
    return plan(resources, run.platform_settings, layout.secret("master").encode())


async def compare_with_plan(wanted: Plan, layout: Layout, addresses: Addresses, stores: set[str]) -> list[Comparison]:
    """Every part of the `stores` that answer."""
    found: list[Comparison] = []
    if stores >= {"kafka", "redis", "postgres"}:
        found.append(await _credentials(wanted, layout, addresses))
    if "kafka" in stores:
        found += await asyncio.to_thread(_kafka, wanted, addresses)
    if "redis" in stores:
        work = compare_redis(wanted, addresses.redis_url(), owns=everyone_but(ADMIN))
        found.append(await _part(Check.REDIS_USERS, f"{len(wanted.redis_users)} users are as planned", work))
    if "postgres" in stores:
        found += await _postgres(wanted, addresses)
    return found


async def _credentials(wanted: Plan, layout: Layout, addresses: Addresses) -> Comparison:
    tried = logins(wanted, layout)
    return await _part(Check.CREDENTIALS, f"{len(tried)} logins are accepted", refused(tried, addresses))


def _kafka(wanted: Plan, addresses: Addresses) -> list[Comparison]:
    client = AdminClient({**addresses.kafka_settings})
    try:
        topics = compare_topics(client, wanted.topics)
        rights = compare_acls(client, wanted.kafka_users, everyone_but(ADMIN))
    except KafkaException as error:
        said = f"Kafka did not say: {error.args[0]}"
        return [Comparison(check=check, examined="", error=said) for check in (Check.TOPICS, Check.KAFKA_RIGHTS)]
    return [
        Comparison(check=Check.TOPICS, examined=f"{len(wanted.topics)} topics are as planned", differences=topics),
        Comparison(
            check=Check.KAFKA_RIGHTS,
            examined=f"{len(wanted.kafka_users)} users have their rights and no others",
            differences=rights,
        ),
    ]


async def _postgres(wanted: Plan, addresses: Addresses) -> list[Comparison]:
    try:
        found = await compare_postgres(wanted, addresses.dsn())
    except PandaError as error:
        return [Comparison(check=Check.SCHEMA, examined="", error=str(error), remedy=error.remedy or "")]
    schemas = len(wanted.postgres_schemas)
    roles = len(wanted.postgres_roles)
    return [
        Comparison(check=Check.POSTGRES_ROLES, examined=f"{roles} roles are as planned", differences=found.roles),
        Comparison(
            check=Check.SCHEMA, examined=f"all migrations of {schemas} schemas have run", differences=found.tables
        ),
        Comparison(check=Check.POSTGRES_RIGHTS, examined=f"{roles} roles have their rights", differences=found.rights),
    ]


async def _part(check: Check, examined: str, work: Awaitable[Changes]) -> Comparison:
    try:
        return Comparison(check=check, examined=examined, differences=await work)
    except (PandaError, RedisError, OSError, TimeoutError) as error:
        return Comparison(check=check, examined=examined, error=str(error) or type(error).__name__)
