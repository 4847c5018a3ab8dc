"""Real batches of aiokafka's, read back from the bytes that would go to Kafka."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record import MemoryRecords

from alpha_panda.runtime.batches import Handed, Headers, Record, hand_over


@dataclass(frozen=True)
class First:
    offset: int


@dataclass
class Log:
    """What was handed over, by partition and in order, and how."""

    records: dict[tuple[str, int], list[bytes]] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    alone: int = 0

    def append(self, topic: str, partition: int, values: list[bytes]) -> asyncio.Future[First]:
        own = self.records.setdefault((topic, partition), [])
        acknowledged: asyncio.Future[First] = asyncio.get_running_loop().create_future()
        acknowledged.set_result(First(len(own)))
        own += values
        return acknowledged


class Producer(AIOKafkaProducer):  # type: ignore[misc] # aiokafka has no types
    """Makes real batches of at most `size` bytes and keeps what Kafka would get."""

    def __init__(self, log: Log, size: int) -> None:
        self._log = log
        self._size = size
        self._closed = True  # nothing to close

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(self._size, 0)

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> asyncio.Future[First]:
        batch._set_producer_state(7, 0, 0)  # noqa: SLF001 - as an idempotent producer does before it sends
        sent = MemoryRecords(bytes(batch._build()))  # noqa: SLF001
        values = []
        while (part := sent.next_batch()) is not None:
            values += [record.value for record in part]
        self._log.batches.append(len(values))
        return self._log.append(topic, partition, values)

    async def send(
        self, topic: str, value: bytes, *, key: bytes, partition: int, headers: Headers
    ) -> asyncio.Future[First]:
        _ = (key, headers)
        self._log.alone += 1
        return self._log.append(topic, partition, [value])


def some(count: int, topic: str = "t", partition: int = 0, size: int = 100) -> list[Record]:
    return [
        Record(topic, partition, b"key", f"{topic}{partition}:{index}".encode().ljust(size, b"."))
        for index in range(count)
    ]


async def ends(handed: list[Handed]) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for each in handed:
        first: Any = await each.acknowledged
        found[each.topic, each.partition] = first.offset + each.size
    return found


@pytest.mark.parametrize("count", [4, 5, 100, 1000])
async def test_many_records_of_a_partition_go_in_batches_in_their_order(count: int) -> None:
    log, records = Log(), some(count)

    handed = await hand_over(Producer(log, 4096), records)

    assert log.records["t", 0] == [record.value for record in records]
    assert await ends(handed) == {("t", 0): count}
    assert log.alone == 0
    assert len(log.batches) == -(-count // max(log.batches))


async def test_each_partition_keeps_its_own_order_and_end() -> None:
    first, second, other = some(30), some(20, partition=1), some(10, topic="u")
    mixed = (
        [each for row in zip(first[:10], second[:10], other, strict=True) for each in row] + first[10:] + second[10:]
    )
    log = Log()

    handed = await hand_over(Producer(log, 65_536), mixed)

    assert await ends(handed) == {("t", 0): 30, ("t", 1): 20, ("u", 0): 10}
    assert log.records["t", 0] == [record.value for record in first]
    assert log.records["t", 1] == [record.value for record in second]


async def test_a_few_records_and_large_ones_are_sent_by_themselves() -> None:
    log = Log()

    await hand_over(Producer(log, 65_536), some(3))
    await hand_over(Producer(log, 65_536), [*some(5, topic="u"), *some(1, topic="u", size=40_000)])

    assert (log.alone, log.batches) == (9, [])
    assert len(log.records["u", 0]) == 6


async def test_nothing_is_handed_over_for_nothing() -> None:
    assert await hand_over(Producer(Log(), 4096), []) == []
