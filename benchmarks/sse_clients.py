"""Clients that listen to the API's stream of events and to the dashboard's, and count what they are told."""

from __future__ import annotations

import asyncio
import os
import time

import httpx
import msgspec
import uvloop

from benchmarks.load import BROKER
from benchmarks.worker import WorkerError, read_order, say_ready, say_result

_STREAMS = ("/api/v1/events", f"/brokers/{BROKER}/stream")
"""Programs and pages, in turn."""
_NICE = 10
_DATA = b"\ndata: "
"""In every message, once; nothing else is read, since whoever listens has a machine of their own."""


class ListenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """How many clients, and for how long."""

    url: str
    token: str
    clients: int
    seconds: float


async def listen(order: ListenOrder) -> None:
    """Connect all, then count until the time is over; people's browsers take no time from this machine's processors."""
    os.nice(_NICE)
    counts = [0] * order.clients
    connected = asyncio.Semaphore(0)
    headers = {"Authorization": f"Bearer {order.token}"}
    limits = httpx.Limits(max_connections=order.clients)
    ended = 0

    async with httpx.AsyncClient(base_url=order.url, headers=headers, limits=limits, timeout=120) as client:

        async def follow(number: int) -> None:
            nonlocal ended
            async with client.stream("GET", _STREAMS[number % len(_STREAMS)]) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise WorkerError(f"client {number} was answered with {answer.status_code}")
                connected.release()
                async for part in answer.aiter_raw():
                    counts[number] += part.count(_DATA)
            ended += 1

        listening = [asyncio.create_task(follow(number)) for number in range(order.clients)]
        for _ in range(order.clients):
            await connected.acquire()
        await asyncio.to_thread(say_ready)
        before, begun = list(counts), time.process_time()
        await asyncio.sleep(order.seconds)
        told = [count - first for count, first in zip(counts, before, strict=True)]
        cpu = time.process_time() - begun
        lost = ended
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    say_result({"least": min(told), "all": sum(told), "ended": lost, "cpu": cpu})


if __name__ == "__main__":
    uvloop.run(listen(read_order(ListenOrder)))
