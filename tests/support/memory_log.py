"""Kafka in memory: partitions of records, a producer and a consumer with the methods that the runtime uses.

`Faults` count what is written and break off where a test says so, before or after the write happened.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord, TopicPartition

Header = tuple[str, bytes]


class CrashError(Exception):
    """The process ends here."""


@dataclass
class Faults:
    """Ends the process at the write number `at` (from 0), which is then lost or `written`; None never does."""

    at: int | None = None
    written: bool = False
    done: int = 0

    def reached(self) -> bool:
        reached = self.done == self.at
        self.done += 1
        return reached


@dataclass(frozen=True)
class Written:
    """What a producer is told of a record."""

    offset: int


class MemoryLog:
    """All topics; a partition begins to exist with its first record."""

    def __init__(self) -> None:
        self.partitions: dict[TopicPartition, list[ConsumerRecord]] = defaultdict(list)

    def append(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = b"key",
        partition: int = 0,
        headers: Sequence[Header] = (),
    ) -> ConsumerRecord:
        records = self.partitions[TopicPartition(topic, partition)]
        record = ConsumerRecord(
            topic=topic,
            partition=partition,
            offset=len(records),
            timestamp=0,
            timestamp_type=0,
            key=key,
            value=value,
            checksum=None,
            serialized_key_size=len(key or b""),
            serialized_value_size=len(value or b""),
            headers=tuple(headers),
        )
        records.append(record)
        return record

    def values(self, topic: str, partition: int = 0) -> list[bytes]:
        return [record.value or b"" for record in self.partitions[TopicPartition(topic, partition)]]

    def records(self, topic: str, partition: int = 0) -> list[ConsumerRecord]:
        return list(self.partitions[TopicPartition(topic, partition)])


@dataclass
class MemoryProducer:
    """Writes to the log; acknowledges at once."""

    log: MemoryLog
    faults: Faults = field(default_factory=Faults)

    async def send(
        self,
        topic: str,
        value: bytes | None = None,
        *,
        key: bytes | None = None,
        partition: int = 0,
        headers: Sequence[Header] | None = None,
    ) -> asyncio.Future[Written]:
        crash = self.faults.reached()
        if crash and not self.faults.written:
            raise CrashError
        record = self.log.append(topic, value, key=key, partition=partition, headers=headers or ())
        if crash:
            raise CrashError
        acknowledged: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        acknowledged.set_result(Written(record.offset))
        return acknowledged

    async def send_and_wait(
        self,
        topic: str,
        value: bytes | None = None,
        *,
        key: bytes | None = None,
        partition: int = 0,
        headers: Sequence[Header] | None = None,
    ) -> Written:
        return await (await self.send(topic, value, key=key, partition=partition, headers=headers))

    async def stop(self) -> None:
        """There is nothing to disconnect from."""


@dataclass
class AllBut:
    """The names of topics: those that nobody wrote to yet exist, too."""

    names: set[str]

    def __contains__(self, name: object) -> bool:
        return name not in self.names


@dataclass
class MemoryConsumer:
    """Reads from the log what it is assigned, at most `most` records at once."""

    log: MemoryLog
    most: int = 100
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    committed_offsets: dict[TopicPartition, int] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    async def topics(self) -> AllBut:
        return AllBut(self.deleted)

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return None if topic in self.deleted else {0}

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(self.positions)

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        self.positions = dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition] = offset

    async def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        for partition in partitions:
            self.positions[partition] = 0

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return {partition: len(self.log.partitions[partition]) for partition in partitions}

    async def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]

    async def committed(self, partition: TopicPartition) -> int | None:
        return self.committed_offsets.get(partition)

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed_offsets |= offsets

    def highwater(self, partition: TopicPartition) -> int:
        return len(self.log.partitions[partition])

    async def getmany(
        self, *, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        _ = timeout_ms
        left = min(self.most, max_records or self.most)
        batches = {}
        for partition, position in self.positions.items():
            records = self.log.partitions[partition][position : position + left]
            if records:
                batches[partition] = records
                self.positions[partition] = position + len(records)
                left -= len(records)
        return batches

    async def stop(self) -> None:
        """There is nothing to disconnect from."""
