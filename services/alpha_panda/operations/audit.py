"""What people did, written to `audit.events`: chained, in order, and none lost because Kafka was down.

A deed first goes to a file, then to the log with all that wait there: so the press of
a kill switch waits for nothing, and what could not be written is written with the next deed. One process
writes to the log at a time, since each entry needs the digest of the one before; the file is free meanwhile.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.domain.audit import Deed, chained
from alpha_panda.errors import PandaError
from alpha_panda.events.audit import AuditRecorded
from alpha_panda.events.envelope import Event, decode, decode_header
from alpha_panda.events.ids import event_id
from alpha_panda.events.topics import AUDIT_EVENTS
from alpha_panda.operations.publisher import operations_publisher
from alpha_panda.operations.quiet import quiet_kafka
from alpha_panda.runtime.file_lock import FileLock
from alpha_panda.runtime.kafka import make_consumer, start_client, translate
from alpha_panda.runtime.settings import ServiceSettings

_SECONDS: Final = 3.0
_LOOK_BACK: Final = 200
"""Entries at the end of the log among which one that waits is looked for: it may be there already."""
_READ_MILLISECONDS: Final = 200


class AuditLog:
    """The audit log of a platform; what waits for Kafka is kept in a folder that all who write here share."""

    def __init__(self, settings: Callable[[], ServiceSettings], folder: Path) -> None:
        """Nothing is opened yet; `settings` hold the credentials of operations."""
        self._settings = settings
        self._waiting = folder / "audit-waiting.jsonl"
        self._file = FileLock(folder / "audit-waiting.lock")
        self._log = FileLock(folder / "audit.lock")

    def record(self, *deeds: Deed) -> str | None:
        """Write the deeds, and those that wait; where they could not be written, why: they wait for the next."""
        self.keep(*deeds)
        self._log.acquire()
        try:
            return asyncio.run(self._flush())
        finally:
            self._log.release()

    def keep(self, *deeds: Deed) -> None:
        """Write the deeds to the file alone, which takes no store: `record` brings them to the log."""
        with self._alone(), self._waiting.open("ab") as file:
            file.writelines(msgspec.json.encode(deed) + b"\n" for deed in deeds)
            file.flush()
            os.fsync(file.fileno())

    async def _flush(self) -> str | None:
        with self._alone():
            waiting = self._waiting.read_bytes()
        try:
            with quiet_kafka():
                async with asyncio.timeout(_SECONDS):
                    await self._write([msgspec.json.decode(line, type=Deed) for line in waiting.splitlines()])
        except TimeoutError:
            return f"Kafka did not answer within {_SECONDS:g} s"
        except (PandaError, OSError) as error:
            return str(error) or type(error).__name__
        with self._alone():
            self._waiting.write_bytes(self._waiting.read_bytes().removeprefix(waiting))
        return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else reads or writes the file of what waits, which takes no longer than a file does."""
        self._file.acquire()
        try:
            yield
        finally:
            self._file.release()

    async def _write(self, deeds: Sequence[Deed]) -> None:
        settings = self._settings()
        newest = await read_newest(settings, _LOOK_BACK)
        written = {_identity(entry) for entry in newest}
        last = newest[-1] if newest else None
        events: list[Event[AuditRecorded]] = []
        for deed in deeds:
            if _identity(deed) in written:
                continue
            last = chained(deed, last)
            identity = _identity(deed)
            events.append(Event(id=identity, event_time=deed.at, data=last, key=deed.actor, correlation_id=identity))
        async with operations_publisher(settings) as publisher:
            await publisher.publish(events, None)


async def read_newest(settings: ServiceSettings, count: int | None) -> list[AuditRecorded]:
    """The last entries of the log, or all, the oldest first."""
    where = TopicPartition(AUDIT_EVENTS.full_name(prefix=settings.platform.prefix), 0)
    consumer = make_consumer(settings.kafka)
    await start_client(consumer, settings.kafka)
    try:
        return await _read(consumer, where, count)
    except kafka_errors.KafkaError as error:
        raise translate(error) from error
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, where: TopicPartition, count: int | None) -> list[AuditRecorded]:
    consumer.assign([where])
    end = (await consumer.end_offsets([where]))[where]
    first = (await consumer.beginning_offsets([where]))[where]
    consumer.seek(where, first if count is None else max(first, end - count))
    entries: list[AuditRecorded] = []
    while await consumer.position(where) < end:
        for record in (await consumer.getmany(where, timeout_ms=_READ_MILLISECONDS)).get(where, ()):
            data = decode(decode_header(record.value)).data
            if isinstance(data, AuditRecorded):
                entries.append(data)
    return entries


def _identity(deed: Deed | AuditRecorded) -> str:
    return event_id(deed.at, "audit", deed.actor, deed.action, deed.subject, deed.reason)
