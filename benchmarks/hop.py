"""The floor: a bare aiokafka loop that reads the same records and writes as many bytes, and decides nothing.

It takes batches as the services do, copies bytes in place of deciding, waits for all acknowledgements
before it reads on, and commits once a second. A record that it writes carries the first bytes of the
record that it follows from, so that a time can travel with it.
"""

from __future__ import annotations

import asyncio
import time

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.clients import Access, consumer, producer
from benchmarks.worker import read_order, say_ready, say_result

STAMP = 8
"""Bytes of a record that travel on."""
_POLL_MILLISECONDS = 200
_POLL_RECORDS = 2000


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """`records` of `size` bytes to `topic`, evenly among `drivers` records of `driver`.

    Whole numbers, so that a hop that follows hops waits for exactly what they write.
    """

    topic: str
    records: int
    driver: str
    drivers: int
    size: int


class HopOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to read, from which offset each and how many of each, and what to write."""

    access: Access
    group: str
    reads: dict[str, int]
    counts: dict[str, int]
    writes: list[Output] = []


class Hop:
    """The loop."""

    def __init__(self, order: HopOrder, reader: AIOKafkaConsumer, writer: AIOKafkaProducer) -> None:
        """Read with `reader`, write with `writer`."""
        self._order = order
        self._reader = reader
        self._writer = writer
        self._left = dict(order.counts)
        self._driven = [0 for _ in order.writes]
        self._padding = [b"x" * (each.size - STAMP) for each in order.writes]

    async def run(self) -> None:
        """Read until nothing is left."""
        committed = time.monotonic()
        while any(count > 0 for count in self._left.values()):
            batches = await self._reader.getmany(timeout_ms=_POLL_MILLISECONDS, max_records=_POLL_RECORDS)
            waits = []
            for where, records in batches.items():
                self._left[where.topic] -= len(records)
                for record in records:
                    waits += await self._follow(where, record.key, bytes(bytearray(record.value)))
            await asyncio.gather(*waits)
            if time.monotonic() - committed >= 1:
                await self._reader.commit()
                committed = time.monotonic()
        await self._reader.commit()

    async def _follow(self, where: TopicPartition, key: bytes, value: bytes) -> list[asyncio.Future[object]]:
        waits = []
        for index, output in enumerate(self._order.writes):
            if output.driver != where.topic:
                continue
            before = self._driven[index] * output.records // output.drivers
            self._driven[index] += 1
            for _ in range(before, self._driven[index] * output.records // output.drivers):
                copy = value[:STAMP] + self._padding[index]
                waits.append(await self._writer.send(output.topic, copy, key=key, partition=0))
        return waits


async def main(order: HopOrder) -> None:
    """Run the hop."""
    reader = await consumer(order.access, order.reads, order.group)
    writer = await producer(order.access)
    await asyncio.to_thread(say_ready)
    begun, cpu = time.monotonic(), time.process_time()
    await Hop(order, reader, writer).run()
    found = {"ended": time.time(), "seconds": time.monotonic() - begun, "cpu": time.process_time() - cpu}
    await reader.stop()
    await writer.stop()
    say_result(found)


if __name__ == "__main__":
    uvloop.run(main(read_order(HopOrder)))
