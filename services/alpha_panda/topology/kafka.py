"""Topics, users and ACLs in Kafka: exact names only, so that `zerodha` never means `zerodha2`."""

from __future__ import annotations

from typing import Final

from alpha_panda.events.topics import DLQ_ROOM, TOPICS, Cleanup, Scope, Topic
from alpha_panda.topology.claims import HeldBroker
from alpha_panda.topology.credentials import derive
from alpha_panda.topology.instances import Instance
from alpha_panda.topology.model import Acl, KafkaUser, ServicePlan, TopicPlan
from alpha_panda.topology.settings import PlatformSettings, TopicOverlay

MESSAGE_LIMIT: Final = 1024 * 1024
"""Bytes of a record, 1 MiB: stated, so that no broker's own default decides what is a dead letter."""
MILLISECONDS_A_DAY: Final = 24 * 60 * 60 * 1000
CLUSTER: Final = "kafka-cluster"
"""Kafka's name of the only cluster resource."""


def topic_plans(
    brokers: tuple[HeldBroker, ...], found: tuple[Instance, ...], settings: PlatformSettings
) -> tuple[TopicPlan, ...]:
    """Every topic of the table and every dead-letter topic of a consumer, sorted by name."""
    plans = [_topic(topic, name, settings) for topic in TOPICS for name in _names(topic, brokers, settings)]
    letters = {name for instance in found for name in instance.dead_letter_topics(settings.prefix)}
    plans += [_dead_letter_topic(name, settings) for name in letters]
    return tuple(sorted(plans, key=lambda each: each.name))


def kafka_users(
    found: tuple[Instance, ...], services: tuple[ServicePlan, ...], settings: PlatformSettings, master_secret: bytes
) -> tuple[KafkaUser, ...]:
    """A user for each service with exactly the rights that its row gives it, sorted by name."""
    letters = {name for instance in found for name in instance.dead_letter_topics(settings.prefix)}
    return tuple(
        KafkaUser(
            name=service.principal,
            password=derive(master_secret, service.principal, settings.secret_generation),
            acls=_acls(instance, service, settings.prefix, letters),
        )
        for instance, service in zip(found, services, strict=True)
    )


def _names(topic: Topic, brokers: tuple[HeldBroker, ...], settings: PlatformSettings) -> list[str]:
    if topic.scope is Scope.BROKER:
        return [topic.full_name(broker.name, settings.prefix) for broker in brokers]
    return [topic.full_name(prefix=settings.prefix)]


def _topic(topic: Topic, name: str, settings: PlatformSettings) -> TopicPlan:
    overlay = settings.topics.get(topic.name, TopicOverlay())
    return TopicPlan(
        name=name,
        partitions=1 if topic.single else settings.pipeline_partitions,
        replication=overlay.replication if overlay.replication is not None else settings.replication,
        config=_config(_retention(topic, overlay), MESSAGE_LIMIT, settings),
    )


def _dead_letter_topic(name: str, settings: PlatformSettings) -> TopicPlan:
    """One partition: dead letters are few, and read by people in the order they came."""
    return TopicPlan(
        name=name,
        partitions=1,
        replication=settings.replication,
        config=_config({"cleanup.policy": "delete", "retention.ms": "-1"}, MESSAGE_LIMIT + DLQ_ROOM, settings),
    )


def _retention(topic: Topic, overlay: TopicOverlay) -> dict[str, str]:
    match topic.cleanup:
        case Cleanup.COMPACT:
            return {"cleanup.policy": "compact"}
        case Cleanup.KEEP:
            return {"cleanup.policy": "delete", "retention.ms": "-1"}
        case Cleanup.DELETE:
            days = overlay.retention_days if overlay.retention_days is not None else topic.retention_days
            return {"cleanup.policy": "delete", "retention.ms": str(days * MILLISECONDS_A_DAY)}


def _config(retention: dict[str, str], message_limit: int, settings: PlatformSettings) -> dict[str, str]:
    config = retention | {
        "max.message.bytes": str(message_limit),
        "min.insync.replicas": str(settings.min_insync_replicas),
    }
    return dict(sorted(config.items()))


def _acls(instance: Instance, service: ServicePlan, prefix: str, letters: set[str]) -> tuple[Acl, ...]:
    """A writer may read back what it wrote: a restart reads its own outputs and dead letters to the end."""
    writable = {*service.writes, *instance.dead_letter_topics(prefix)}
    watched = letters if instance.row.watches_letters else set()
    acls = [
        Acl(resource="topic", name=name, operations=_operations(writes=name in writable))
        for name in sorted({*service.reads, *writable, *watched})
    ]
    acls.append(Acl(resource="group", name=service.group, operations=("DESCRIBE", "READ")))
    acls.append(Acl(resource="cluster", name=CLUSTER, operations=("IDEMPOTENT_WRITE",)))
    return tuple(sorted(acls, key=lambda each: (each.resource, each.name)))


def _operations(*, writes: bool) -> tuple[str, ...]:
    return ("DESCRIBE", "READ", "WRITE") if writes else ("DESCRIBE", "READ")
