"""The log of a data directory, read with the administrator's credentials: for `panda verify` and `panda events`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from alpha_panda.checker.model import Log, Record
from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.events.envelope import MalformedEventError, decode_header
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.topics import DLQ_SUFFIX, parse_name
from alpha_panda.local.administrator import database
from alpha_panda.local.kafka import ADMIN as KAFKA_ADMIN
from alpha_panda.local.kafka import client_settings
from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.run_file import instrument_table
from alpha_panda.runtime.errors import AuthenticationError, TransientError
from alpha_panda.runtime.kafka import make_consumer, start_client
from alpha_panda.runtime.settings import KafkaSettings

_SECONDS = 10.0
_READ_MILLISECONDS = 500
_UNSHOWN = 50
"""Records of a partition that may be left out of what is shown."""
Group = dict[tuple[str, int], int]


@asynccontextmanager
async def log_consumer(layout: Layout) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of no group with the administrator's rights; raises UnavailableError where Kafka does not answer."""
    settings = KafkaSettings(
        bootstrap=f"{HOST}:{Ports(layout).known('kafka')}",
        username=KAFKA_ADMIN,
        password=SecretStr(layout.secret("kafka-admin")),
    )
    consumer = make_consumer(settings)
    try:
        try:
            await start_client(consumer, settings)
        except (TransientError, AuthenticationError) as error:
            raise UnavailableError(f"Kafka of {layout.root} cannot be read: {error}", remedy="panda up") from error
        yield consumer
    finally:
        await consumer.stop()


async def read_log(layout: Layout) -> Log:
    """The whole log as it is now, where each group is, and the sums of each Broker's books.

    What the groups have committed is asked for first, so that every record below it is in the log.
    """
    committed = await asyncio.to_thread(_committed, layout)
    partitions = await asyncio.to_thread(partitions_of, layout)
    async with log_consumer(layout) as consumer:
        beginnings = await consumer.beginning_offsets(partitions)
        records = [record async for record in read_records(consumer, partitions)]
    brokers = {broker for name in {p.topic for p in partitions} if (broker := _broker(name)) is not None}
    table = instrument_table(layout)
    return Log(
        records=tuple(records),
        beginnings={(p.topic, p.partition): first for p, first in beginnings.items()},
        committed=committed,
        ledger=await _ledgers(layout, sorted(brokers)),
        instruments=frozenset(instrument.token for instrument in table),
    )


def _is_claim(record: Record) -> bool:
    try:
        return decode_header(record.value).type == OwnershipTaken.__name__
    except MalformedEventError:
        return False


def partitions_of(layout: Layout) -> list[TopicPartition]:
    """Every partition of every topic of the platform, by name and number."""
    try:
        topics = _admin(layout).list_topics(timeout=_SECONDS).topics
    except KafkaException as error:
        raise UnavailableError(f"Kafka of {layout.root} cannot be asked for its topics: {error}") from error
    return [
        TopicPartition(name, p) for name in sorted(topics) if _is_ours(name) for p in sorted(topics[name].partitions)
    ]


async def read_topic(layout: Layout, topic: str, limit: int, *, newest: bool, claims: bool = False) -> list[Record]:
    """The newest or oldest records of a topic, at most `limit`, in the order in which they were written.

    The claims of the services' owners are left out unless they are asked for.

    Raises:
        InputError: there is no such topic.
    """
    partitions = await asyncio.to_thread(partitions_of, layout)
    wanted = [partition for partition in partitions if partition.topic == topic]
    if not wanted:
        known = ", ".join(sorted({partition.topic for partition in partitions}))
        raise InputError(f"there is no topic {topic!r}", remedy=f"there are: {known}")
    found: list[tuple[int, Record]] = []
    async with log_consumer(layout) as consumer:
        async for written_at, record in timed_records(consumer, wanted, limit + _UNSHOWN if newest else None):
            if not claims and _is_claim(record):
                continue
            found.append((written_at, record))
    found.sort(key=lambda pair: (pair[0], pair[1].place))
    return [record for _, record in (found[-limit:] if newest else found[:limit])]


async def read_records(consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> AsyncIterator[Record]:
    """Every record of these partitions up to the ends that they have now."""
    async for _, record in timed_records(consumer, partitions, None):
        yield record


async def timed_records(
    consumer: AIOKafkaConsumer, partitions: list[TopicPartition], last: int | None
) -> AsyncIterator[tuple[int, Record]]:
    """Records with the milliseconds at which they were written; of each partition only those of the `last` offsets."""
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    starts = await consumer.beginning_offsets(partitions)
    if last is not None:
        starts = {partition: max(start, ends[partition] - last) for partition, start in starts.items()}
    for partition in partitions:
        consumer.seek(partition, starts[partition])
    left = {partition for partition in partitions if starts[partition] < ends[partition]}
    while left:
        for partition, batch in (await consumer.getmany(timeout_ms=_READ_MILLISECONDS)).items():
            for each in batch:
                if each.offset < ends[partition]:
                    yield each.timestamp, _to_record(each)
        for partition in list(left):
            if await consumer.position(partition) >= ends[partition]:
                left.discard(partition)


def _to_record(each: ConsumerRecord) -> Record:
    """A record of the client's library as the checker takes it."""
    return Record(
        topic=each.topic,
        partition=each.partition,
        offset=each.offset,
        key=each.key,
        value=each.value,
        headers=tuple((name, value) for name, value in each.headers),
    )


def _is_ours(topic: str) -> bool:
    try:
        parse_name(topic.removesuffix(DLQ_SUFFIX))
    except ValueError:
        # `{broker}.market.ticks.dlq` is a Broker's dead letters of a shared topic: no row of the table has that name.
        return topic.endswith(DLQ_SUFFIX)
    return True


def _broker(topic: str) -> str | None:
    return None if topic.endswith(DLQ_SUFFIX) else parse_name(topic)[1]


def _admin(layout: Layout) -> AdminClient:
    bootstrap = f"{HOST}:{Ports(layout).known('kafka')}"
    settings: dict[str, Any] = {**client_settings(bootstrap, KAFKA_ADMIN, layout.secret("kafka-admin"))}
    return AdminClient(settings)


def _committed(layout: Layout) -> dict[str, Group]:
    """By group: the offsets that it has committed."""
    client = _admin(layout)
    try:
        listed = client.list_consumer_groups(request_timeout=_SECONDS).result()
        found: dict[str, Group] = {}
        for name in sorted(group.group_id for group in listed.valid):
            asked = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(name)], request_timeout=_SECONDS)
            offsets = asked[name].result().topic_partitions
            found[name] = {(each.topic, each.partition): each.offset for each in offsets if each.offset >= 0}
    except KafkaException as error:
        raise UnavailableError(f"Kafka of {layout.root} cannot be asked for its groups: {error}") from error
    return found


async def _ledgers(layout: Layout, brokers: list[str]) -> dict[str, dict[str, int]]:
    """By Broker: the sum of each account of its books, in paise."""
    async with database(layout) as connection:
        return {
            broker: {
                row["account"]: int(row["paise"])
                for row in await connection.fetch(
                    f'SELECT account, sum(amount_paise) AS paise FROM "{broker}".ledger GROUP BY account'  # noqa: S608 — a Broker's name is a DNS label
                )
            }
            for broker in brokers
        }
