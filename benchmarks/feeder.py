"""Publishes the load as the market feed does: its events, its publisher, bundles that go out together."""

from __future__ import annotations

import asyncio
import time

import msgspec
import uvloop

from alpha_panda.events.envelope import Origin
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.settings import KafkaProfile
from benchmarks.clients import Access, producer
from benchmarks.load import ticks
from benchmarks.worker import read_order, say_ready, say_result

FEED = "market-feed"
PROFILE = KafkaProfile(batch_bytes=262_144)
"""The feed's own."""


class FeedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to publish: `count` ticks of the load from number `skip`, at `rate` a second (None: as fast as it goes)."""

    access: Access
    count: int
    skip: int = 0
    rate: int | None = None
    bundle: int = 400


async def feed(order: FeedOrder) -> None:
    """Publish."""
    events = ticks(order.count, order.skip)
    client = await producer(order.access, PROFILE)
    publisher = Publisher(client, Metrics(FEED, None), Origin(source=FEED), FEED, "", 1)
    await asyncio.to_thread(say_ready)
    begun, cpu, wall = time.monotonic(), time.process_time(), time.time()
    for start in range(0, order.count, order.bundle):
        await publisher.publish(events[start : start + order.bundle], None)
        if order.rate is not None:
            due = (start + order.bundle) / order.rate - (time.monotonic() - begun)
            await asyncio.sleep(max(due, 0))
    taken = time.monotonic() - begun
    await client.stop()
    say_result({"begun": wall, "seconds": taken, "cpu": time.process_time() - cpu})


if __name__ == "__main__":
    uvloop.run(feed(read_order(FeedOrder)))
