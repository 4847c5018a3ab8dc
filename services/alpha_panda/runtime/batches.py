"""How records are handed to the producer: those of a partition in batches made here, a few by themselves.

A producer's own way costs a future and several calls for each record, which is most of what a service that
writes much does; a batch costs them once. Records of a partition keep their order, with whatever is sent
before and after; a batch is on the log whole or not at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer

Headers = tuple[tuple[str, bytes], ...]


class Record(NamedTuple):
    """What is to be written and where."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: Headers = ()


_FEWEST: Final = 4
"""Fewer records than these are sent by themselves."""
_LARGEST_BYTES: Final = 32_768
"""A larger record is sent by itself, so that the producer refuses it where it is too large."""


class Handed(NamedTuple):
    """Records of one partition that were handed over; what is acknowledged has the offset of the first."""

    topic: str
    partition: int
    size: int
    acknowledged: Awaitable[Any]


async def hand_over(producer: AIOKafkaProducer, records: Sequence[Record]) -> list[Handed]:
    """Hand the records over; nothing is known to be on the log before what comes back is awaited."""
    by_partition: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        by_partition.setdefault((record.topic, record.partition), []).append(record)
    handed: list[Handed] = []
    for (topic, partition), own in by_partition.items():
        small = all(len(record.value) <= _LARGEST_BYTES for record in own)
        # A stand-in for a producer has no batches.
        if small and len(own) >= _FEWEST and isinstance(producer, AIOKafkaProducer):
            handed += await _in_batches(producer, topic, partition, own)
            continue
        for record in own:
            acknowledged = await producer.send(
                topic, record.value, key=record.key, partition=partition, headers=list(record.headers)
            )
            handed.append(Handed(topic, partition, 1, acknowledged))
    return handed


async def _in_batches(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Record]
) -> list[Handed]:
    handed: list[Handed] = []
    batch, count = producer.create_batch(), 0
    for record in records:
        if not _put(batch, record):
            handed.append(await _send(producer, batch, topic, partition, count))
            batch, count = producer.create_batch(), 0
            _put(batch, record)
        count += 1
    handed.append(await _send(producer, batch, topic, partition, count))
    return handed


def _put(batch: Any, record: Record) -> bool:  # noqa: ANN401 - aiokafka's own
    """Put the record into the batch, if it has room."""
    headers = list(record.headers)
    return batch.append(timestamp=None, key=record.key, value=record.value, headers=headers) is not None


async def _send(producer: AIOKafkaProducer, batch: Any, topic: str, partition: int, count: int) -> Handed:  # noqa: ANN401 - aiokafka's own
    batch.close()
    return Handed(topic, partition, count, await producer.send_batch(batch, topic, partition=partition))
