"""Deleting what a Broker has recorded, for good; only ever because somebody asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from alpha_panda.errors import UnavailableError
from alpha_panda.provision.changes import Changes
from alpha_panda.provision.postgres import drop_schema
from alpha_panda.provision.redis import delete_keys
from alpha_panda.provision.topics import delete_topics
from alpha_panda.topology.graph import PLATFORM_SCHEMA
from alpha_panda.topology.names import group

_SECONDS = 15.0


async def delete_broker_data(
    broker: str, *, prefix: str = "", kafka_settings: Mapping[str, str], redis_url: str, postgres_dsn: str
) -> Changes:
    """Delete topics, consumer groups, keys and schema of a Broker whose services have stopped.

    `prefix` is the installation's. What was deleted; a second time nothing. Raises UnavailableError
    where a store refuses, for example because a service still reads; what was deleted until then
    stays so, ask again.
    """
    return (
        *await asyncio.to_thread(_delete_from_kafka, broker, prefix, {**kafka_settings}),
        *await delete_keys(redis_url, f"{broker}:"),
        *await drop_schema(postgres_dsn, broker, platform=PLATFORM_SCHEMA),
    )


def _delete_from_kafka(broker: str, prefix: str, settings: dict[str, str | int | float | bool]) -> Changes:
    client = AdminClient(settings)
    try:
        return (*_delete_groups(client, broker, prefix), *delete_topics(client, f"{prefix}{broker}."))
    except KafkaException as error:
        msg = f"the topics {prefix}{broker}.* could not be deleted: {error.args[0]}"
        raise UnavailableError(msg, remedy="stop what uses them, then ask for the deletion again") from error


def _delete_groups(client: AdminClient, broker: str, prefix: str) -> Changes:
    """Offsets that are kept would make a Broker of the same name start in the middle.

    A Broker's name has no dot, so the end of a group's name tells whose it is.
    """
    listed = client.list_consumer_groups(request_timeout=_SECONDS).result().valid
    beginning, ending = group(prefix, "", None), f".{broker}"
    names = sorted(each.group_id for each in listed if each.group_id.startswith(beginning))
    mine = [name for name in names if name.endswith(ending)]
    if mine:
        for future in client.delete_consumer_groups(mine, request_timeout=_SECONDS).values():
            future.result()
    return tuple(f"consumer group {name}: deleted" for name in mine)
