"""Reading `control.*` from the beginning, for services that are no stream tasks: the feed and the API.

`poll` never waits longer than told; what it returns is new, in the order of the log. `ends` are the
offsets up to which everything has been read, which the feed names in its markers.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import MalformedEventError, decode, decode_header
from alpha_panda.events.topics import CONTROL, Topic, parse_name
from alpha_panda.runtime.kafka import make_consumer, start_client, translate
from alpha_panda.runtime.settings import ServiceSettings


class ControlReader:
    """A consumer of the control topics that commits nothing: their whole content is the state."""

    def __init__(self, settings: ServiceSettings, topics: Sequence[Topic] = CONTROL) -> None:
        """Only remember; `start` connects."""
        self._settings = settings
        self._topics = topics
        self._consumer: AIOKafkaConsumer | None = None
        self._log = structlog.get_logger()
        self.ends: dict[str, int] = {}

    async def start(self) -> list[tuple[AnyEvent, Topic]]:
        """Connect and read to the present end."""
        prefix = self._settings.platform.prefix
        self._consumer = make_consumer(self._settings.kafka)
        await start_client(self._consumer, self._settings.kafka)
        partitions = [TopicPartition(topic.full_name(prefix=prefix), 0) for topic in self._topics]
        self._consumer.assign(partitions)
        await self._consumer.seek_to_beginning(*partitions)
        ends = await self._consumer.end_offsets(partitions)
        found: list[tuple[AnyEvent, Topic]] = []
        for partition, end in ends.items():
            while await self._consumer.position(partition) < end:
                found += await self.poll(200)
        for partition, end in ends.items():
            self.ends[partition.topic] = max(end, self.ends.get(partition.topic, 0))
        return found

    async def poll(self, milliseconds: int = 0) -> list[tuple[AnyEvent, Topic]]:
        """What came since the last call."""
        if self._consumer is None:
            raise RuntimeError("poll before start")
        try:
            batches = await self._consumer.getmany(timeout_ms=milliseconds)
        except kafka_errors.KafkaError as error:
            raise translate(error) from error
        found: list[tuple[AnyEvent, Topic]] = []
        for where, records in batches.items():
            topic, _ = parse_name(where.topic, self._settings.platform.prefix)
            for record in records:
                self.ends[where.topic] = record.offset + 1
                try:
                    found.append((decode(decode_header(record.value), (record.key or b"").decode()), topic))
                except (MalformedEventError, UnicodeDecodeError) as error:
                    # The stream tasks that read the same record write its dead letter.
                    self._log.error(
                        "control record not understood", topic=where.topic, offset=record.offset, reason=str(error)
                    )
        return found

    async def stop(self) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await self._consumer.stop()
