"""`plan()`: from resources and platform settings to everything that should exist. Pure and deterministic.

The operator and the local supervisor are two executors of what it returns.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from alpha_panda.resources.stored import StoredResource
from alpha_panda.topology.claims import Holdings, settle
from alpha_panda.topology.credentials import session_key
from alpha_panda.topology.instances import instances, runner_of
from alpha_panda.topology.kafka import kafka_users, topic_plans
from alpha_panda.topology.model import BrokerPlan, KafkaUser, Plan, RedisUser, StrategyPlan
from alpha_panda.topology.operations import kafka_operations, redis_operations
from alpha_panda.topology.settings import PlatformSettings
from alpha_panda.topology.stores import postgres_roles, postgres_schemas, redis_users
from alpha_panda.topology.tasks import service_plans

User = TypeVar("User", KafkaUser, RedisUser)


def plan(resources: Iterable[StoredResource], settings: PlatformSettings, master_secret: bytes) -> Plan:
    """Everything that should exist for these resources; their order does not matter.

    What a resource cannot have becomes a conflict and never stops the rest.

    Raises:
        InputError: the master secret is too short.
    """
    holdings = settle(resources)
    found = instances(holdings)
    services = service_plans(found, settings)
    return Plan(
        services=services,
        topics=topic_plans(holdings.brokers, found, settings),
        kafka_users=_by_name(
            *kafka_users(found, services, settings, master_secret), kafka_operations(settings, master_secret)
        ),
        redis_users=_by_name(
            *redis_users(found, services, settings, master_secret), redis_operations(settings, master_secret)
        ),
        postgres_schemas=postgres_schemas(holdings.brokers),
        postgres_roles=postgres_roles(found, services, settings, master_secret),
        brokers=_brokers(holdings),
        strategies=_strategies(holdings),
        conflicts=holdings.conflicts,
        session_keys={
            broker: session_key(master_secret, broker, settings.secret_generation)
            for broker in sorted({broker for each in found for broker in each.sessions})
        },
    )


def _by_name(*users: User) -> tuple[User, ...]:
    return tuple(sorted(users, key=lambda each: each.name))


def _brokers(holdings: Holdings) -> tuple[BrokerPlan, ...]:
    return tuple(
        BrokerPlan(
            name=each.name,
            uid=each.uid,
            type=each.spec.type.value,
            live=each.spec.live,
            credentials=each.spec.credentials_secret_ref.name if each.spec.credentials_secret_ref else None,
        )
        for each in holdings.brokers
    )


def _strategies(holdings: Holdings) -> tuple[StrategyPlan, ...]:
    return tuple(
        StrategyPlan(name=each.name, uid=each.uid, brokers=each.brokers, runner=runner_of(each))
        for each in holdings.strategies
    )
