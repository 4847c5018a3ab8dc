"""The floor's feed: records of the same size at the same pace, with the time of their making in front."""

from __future__ import annotations

import asyncio
import time

import msgspec
import uvloop

from benchmarks.clients import Access, producer
from benchmarks.feeder import PROFILE
from benchmarks.hop import STAMP
from benchmarks.worker import read_order, say_ready, say_result


class BareOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to publish: `count` records of `size` bytes, at `rate` a second (None: as fast as it goes)."""

    access: Access
    topic: str
    count: int
    size: int
    rate: int | None = None
    bundle: int = 400


async def feed(order: BareOrder) -> None:
    """Publish."""
    client = await producer(order.access, PROFILE)
    padding = b"x" * (order.size - STAMP)
    await asyncio.to_thread(say_ready)
    begun, cpu, wall = time.monotonic(), time.process_time(), time.time()
    for start in range(0, order.count, order.bundle):
        waits = [
            await client.send(order.topic, time.time_ns().to_bytes(STAMP, "big") + padding, key=b"738561", partition=0)
            for _ in range(min(order.bundle, order.count - start))
        ]
        await asyncio.gather(*waits)
        if order.rate is not None:
            due = (start + order.bundle) / order.rate - (time.monotonic() - begun)
            await asyncio.sleep(max(due, 0))
    taken = time.monotonic() - begun
    await client.stop()
    say_result({"begun": wall, "seconds": taken, "cpu": time.process_time() - cpu})


if __name__ == "__main__":
    uvloop.run(feed(read_order(BareOrder)))
