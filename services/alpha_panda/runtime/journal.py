"""What a Kafka client saw with its own eyes, for the harness that kills services: acknowledged writes, and reads.

Off unless `kafka.journal` names a folder; then each client writes a file of its own there, a JSON line for
each thing, past every buffer of the process, so that a kill loses nothing that was seen before it.
Whoever reads it knows what must be on the log, whatever the client did with it afterwards.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka import errors as kafka_errors
from aiokafka.producer.message_accumulator import BatchBuilder

from alpha_panda.runtime.bounded_consumer import BoundedConsumer

_REFUSALS = (
    kafka_errors.TopicAuthorizationFailedError,
    kafka_errors.ClusterAuthorizationFailedError,
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.InvalidMessageError,
)
"""Answers that mean that the record is not on the log; after any other error it may be."""
_PRIVATE = 0o600


class Journal:
    """One client's file. It stays open as long as the process lives: a client that was stopped may start again."""

    def __init__(self, folder: Path, client: str) -> None:
        """Open a file that no other client has."""
        name = f"{client}-{os.getpid()}-{time.monotonic_ns()}.jsonl"
        self._file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, _PRIVATE)

    def note(self, saw: str, topic: str, partition: int | None, **what: object) -> None:
        """Write a line now."""
        line = json.dumps({"saw": saw, "topic": topic, "partition": partition, **what}, separators=(",", ":"))
        os.write(self._file, f"{line}\n".encode())


def digest_of(value: bytes | None) -> str:
    """A short name of a record's bytes."""
    return blake2b(value or b"", digest_size=8).hexdigest()


class JournaledProducer(AIOKafkaProducer):  # type: ignore[misc] # aiokafka has no types
    """A producer that notes what became of each write: `written`, `refused`, or `unknown`."""

    def __init__(self, journal: Journal, **options: Any) -> None:  # noqa: ANN401 - aiokafka's own
        """Like aiokafka's."""
        super().__init__(**options)
        self._journal = journal

    async def send(  # noqa: PLR0913, PLR0917 - aiokafka's own
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
        headers: Sequence[tuple[str, bytes]] | None = None,
    ) -> asyncio.Future[Any]:
        """Like aiokafka's."""
        digest = digest_of(value)
        waiting: asyncio.Future[Any] = await super().send(topic, value, key, partition, timestamp_ms, headers)
        waiting.add_done_callback(lambda done: self._note(topic, partition, digest, done))
        return waiting

    def create_batch(self) -> BatchBuilder:
        """Like aiokafka's; it remembers what is put into it."""
        batch, digests = super().create_batch(), list[str]()
        append = batch.append

        def noted(*, value: bytes | None, **options: Any) -> Any:  # noqa: ANN401 - aiokafka's own
            if (metadata := append(value=value, **options)) is not None:
                digests.append(digest_of(value))
            return metadata

        batch.append, batch.digests = noted, digests
        return batch

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> asyncio.Future[Any]:
        """Like aiokafka's."""
        waiting: asyncio.Future[Any] = await super().send_batch(batch, topic, partition=partition)
        waiting.add_done_callback(lambda done: self._note_batch(topic, partition, batch.digests, done))
        return waiting

    def _note_batch(self, topic: str, partition: int, digests: list[str], done: asyncio.Future[Any]) -> None:
        """All of a batch is on the log, from the offset that is told, or none."""
        first = None if done.cancelled() or done.exception() is not None else done.result().offset
        for index, digest in enumerate(digests):
            if first is not None:
                self._journal.note("written", topic, partition, offset=first + index, digest=digest)
            else:
                self._note(topic, partition, digest, done)

    def _note(self, topic: str, partition: int | None, digest: str, done: asyncio.Future[Any]) -> None:
        if done.cancelled():
            self._journal.note("unknown", topic, partition, digest=digest)
        elif (error := done.exception()) is not None:
            self._journal.note(
                "refused" if isinstance(error, _REFUSALS) else "unknown", topic, partition, digest=digest
            )
        else:
            self._journal.note("written", topic, done.result().partition, offset=done.result().offset, digest=digest)


class JournaledConsumer(BoundedConsumer):
    """A consumer that notes what it reads and where it is sent."""

    def __init__(self, journal: Journal, **options: Any) -> None:  # noqa: ANN401 - aiokafka's own
        """Like aiokafka's."""
        super().__init__(**options)
        self._journal = journal

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """Like aiokafka's."""
        super().assign(partitions)
        for each in partitions:
            self._journal.note("assigned", each.topic, each.partition)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Like aiokafka's."""
        super().seek(partition, offset)
        self._journal.note("sought", partition.topic, partition.partition, offset=offset)

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Like aiokafka's."""
        batches: dict[TopicPartition, list[ConsumerRecord]] = await super().getmany(
            *partitions, timeout_ms=timeout_ms, max_records=max_records
        )
        for where, records in batches.items():
            seen = [[record.offset, digest_of(record.value)] for record in records]
            self._journal.note("read", where.topic, where.partition, records=seen)
        return batches
