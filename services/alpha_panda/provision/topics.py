"""Kafka's topics as planned: made, never unmade, their partitions only ever grown and only when allowed."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka.admin import (  # type: ignore[attr-defined] # they are exported, only not by __all__
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from alpha_panda.errors import InputError
from alpha_panda.provision.changes import Changes
from alpha_panda.topology.model import TopicPlan

_SECONDS = 15.0


def reconcile_topics(client: AdminClient, planned: tuple[TopicPlan, ...], *, grow_partitions: bool) -> Changes:
    """Make missing topics, grow and configure the others; the lines of what was changed."""
    present = {name: len(topic.partitions) for name, topic in client.list_topics(timeout=_SECONDS).topics.items()}
    missing = [topic for topic in planned if topic.name not in present]
    existing = [topic for topic in planned if topic.name in present]
    _refuse_impossible(existing, present, grow_partitions=grow_partitions)
    growing = [topic for topic in existing if present[topic.name] < topic.partitions]
    _create(client, missing)
    _grow(client, growing)
    return (
        *(f"{_created(topic.name)} with {topic.partitions} partitions" for topic in missing),
        *(f"topic {topic.name}: grown from {present[topic.name]} to {topic.partitions}" for topic in growing),
        *_configure(client, existing),
    )


def any_created(changes: Changes, names: Iterable[str]) -> bool:
    """Whether one of these topics was made: what was told on it before, if anything, is gone."""
    return any(line.startswith(_created(name)) for line in changes for name in names)


def _created(name: str) -> str:
    return f"topic {name}: created"


def compare_topics(client: AdminClient, planned: tuple[TopicPlan, ...]) -> Changes:
    """How the topics differ from the plan, one line each; nothing is changed."""
    present = {name: len(topic.partitions) for name, topic in client.list_topics(timeout=_SECONDS).topics.items()}
    existing = [topic for topic in planned if topic.name in present]
    wrong = [topic for topic in existing if present[topic.name] != topic.partitions]
    return (
        *(f"topic {topic.name} is missing" for topic in planned if topic.name not in present),
        *(
            f"topic {topic.name} has {present[topic.name]} partitions, planned are {topic.partitions}"
            for topic in wrong
        ),
        *(
            f"topic {name}: {entry.name} is {own.get(entry.name, 'the default')}, planned is {wanted.get(entry.name)}"
            for name, (own, wanted) in _configurations(client, existing).items()
            for entry in _difference(own, wanted)
        ),
    )


def delete_topics(client: AdminClient, beginning: str) -> Changes:
    """Delete all topics whose name begins so."""
    names = sorted(name for name in client.list_topics(timeout=_SECONDS).topics if name.startswith(beginning))
    if names:
        for future in client.delete_topics(names, operation_timeout=_SECONDS).values():
            future.result()
    return tuple(f"topic {name}: deleted" for name in names)


def _refuse_impossible(existing: list[TopicPlan], present: dict[str, int], *, grow_partitions: bool) -> None:
    for topic in existing:
        now = present[topic.name]
        if now > topic.partitions:
            msg = f"topic {topic.name} has {now} partitions, planned are {topic.partitions}: Kafka cannot take any away"
            raise InputError(msg, remedy=f"set the partitions to {now}, or start anew with `panda reset`")
        if now < topic.partitions and not grow_partitions:
            msg = (
                f"topic {topic.name} has {now} partitions, planned are {topic.partitions}: more partitions move"
                " instruments between tasks, so they are added to a drained run only"
            )
            raise InputError(msg, remedy=f"set the partitions to {now}, or start anew with `panda reset`")


def _create(client: AdminClient, missing: list[TopicPlan]) -> None:
    if not missing:
        return
    asked = [
        NewTopic(topic.name, num_partitions=topic.partitions, replication_factor=topic.replication, config=topic.config)
        for topic in missing
    ]
    for future in client.create_topics(asked, operation_timeout=_SECONDS).values():
        future.result()


def _grow(client: AdminClient, growing: list[TopicPlan]) -> None:
    if not growing:
        return
    asked = [NewPartitions(topic.name, topic.partitions) for topic in growing]
    for future in client.create_partitions(asked, operation_timeout=_SECONDS).values():
        future.result()


def _configure(client: AdminClient, existing: list[TopicPlan]) -> Changes:
    if not existing:
        return ()
    alterations, lines = [], []
    for name, (own, wanted) in _configurations(client, existing).items():
        entries = _difference(own, wanted)
        if not entries:
            continue
        alterations.append(ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries))
        lines += [
            f"topic {name}: {entry.name} changed from {own.get(entry.name, 'default')} to"
            f" {wanted.get(entry.name, 'default')}"
            for entry in entries
        ]
    if alterations:
        for altered in client.incremental_alter_configs(alterations).values():
            altered.result()
    return tuple(sorted(lines))


def _configurations(client: AdminClient, existing: list[TopicPlan]) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """By topic: what is set on it, and what is planned."""
    if not existing:
        return {}
    answers = client.describe_configs([ConfigResource(ResourceType.TOPIC, topic.name) for topic in existing])
    own = {
        resource.name: {
            entry.name: entry.value
            for entry in future.result(timeout=_SECONDS).values()
            if entry.source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
        }
        for resource, future in answers.items()
    }
    return {topic.name: (own[topic.name], topic.config) for topic in existing}


def _difference(own: dict[str, str], wanted: dict[str, str]) -> list[ConfigEntry]:
    changed = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in wanted.items()
        if own.get(name) != value
    ]
    dropped = [
        ConfigEntry(name, None, incremental_operation=AlterConfigOpType.DELETE) for name in own if name not in wanted
    ]
    return changed + dropped
