"""Writes events as the principal of people, `operations`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alpha_panda.events.envelope import Origin
from alpha_panda.runtime.kafka import make_producer, start_client
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.settings import ServiceSettings
from alpha_panda.topology.names import OPERATIONS


@asynccontextmanager
async def operations_publisher(settings: ServiceSettings) -> AsyncIterator[Publisher]:
    """Writes events as operations, for the length of the block."""
    producer = make_producer(settings.kafka)
    await start_client(producer, settings.kafka)
    try:
        yield Publisher(
            producer,
            Metrics(OPERATIONS, None),
            Origin(source=OPERATIONS),
            OPERATIONS,
            settings.platform.prefix,
            settings.platform.partitions,
        )
    finally:
        await producer.stop()
