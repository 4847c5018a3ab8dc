"""The services of a plan with their tasks, and which tasks each of these waits for."""

from __future__ import annotations

from alpha_panda.topology.instances import Instance
from alpha_panda.topology.model import ServicePlan, TaskPlan
from alpha_panda.topology.names import group, principal
from alpha_panda.topology.settings import PlatformSettings

SETTING = "PANDA_SERVICE__{}"


def service_plans(found: tuple[Instance, ...], settings: PlatformSettings) -> tuple[ServicePlan, ...]:
    """Each instance as a service with its tasks, in the order given."""
    return tuple(_service(instance, found, settings) for instance in found)


def _service(instance: Instance, found: tuple[Instance, ...], settings: PlatformSettings) -> ServicePlan:
    row, prefix = instance.row, settings.prefix
    in_group = instance.name if instance.broker is None else row.name
    return ServicePlan(
        name=instance.name,
        service=row.name,
        broker=instance.broker,
        tasks=_tasks(instance, found, settings),
        one_writer=row.one_writer,
        group=group(prefix, in_group, instance.broker),
        principal=principal(prefix, instance.name),
        settings=_settings(instance),
        image=instance.image,
        reads=instance.read_topics(prefix),
        writes=instance.written_topics(prefix),
        sessions=instance.sessions,
    )


def _settings(instance: Instance) -> dict[str, str]:
    values = {"NAME": instance.name, "BROKER": instance.broker, "STRATEGY": instance.strategy}
    return {SETTING.format(name): value for name, value in sorted(values.items()) if value is not None}


def _owned(instance: Instance, settings: PlatformSettings) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Name and partitions of each task."""
    every = tuple(range(settings.pipeline_partitions))
    if not instance.row.per_partition:
        return ((instance.name, every),)
    return tuple((f"{instance.name}/{partition}", (partition,)) for partition in every)


def _tasks(instance: Instance, found: tuple[Instance, ...], settings: PlatformSettings) -> tuple[TaskPlan, ...]:
    upstream = _feeding(instance, instance.row.upstream, found, settings)
    previous = _feeding(instance, instance.row.upstream_previous, found, settings)
    return tuple(
        TaskPlan(
            name=name,
            partitions=partitions,
            upstream=_on(partitions, upstream, settings),
            upstream_previous=_on(partitions, previous, settings),
        )
        for name, partitions in _owned(instance, settings)
    )


def _feeding(
    instance: Instance, services: tuple[str, ...], found: tuple[Instance, ...], settings: PlatformSettings
) -> list[Instance]:
    """Those instances of the services that write something which this instance reads."""
    read = set(instance.read_topics(settings.prefix))
    return [
        each
        for each in found
        if each.row.name in services and not read.isdisjoint(each.written_topics(settings.prefix))
    ]


def _on(partitions: tuple[int, ...], feeding: list[Instance], settings: PlatformSettings) -> tuple[str, ...]:
    """Their tasks that share a partition: all pipeline topics are partitioned alike, so no other matters."""
    wanted = set(partitions)
    return tuple(name for each in feeding for name, owned in _owned(each, settings) if not wanted.isdisjoint(owned))
