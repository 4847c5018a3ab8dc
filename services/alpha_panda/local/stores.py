"""The three embedded stores of a run: found or fetched, started side by side, stopped in order.

The process that starts them holds the run's lock until it has stopped them, so that a data directory
is never served twice; when that process dies, the stores stop too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from typing import Any, Protocol, Self

from alpha_panda.local.kafka import Kafka
from alpha_panda.local.kafka_archive import with_class_archive
from alpha_panda.local.kafka_program import KafkaProgram, find_kafka
from alpha_panda.local.layout import Layout
from alpha_panda.local.locks import in_use
from alpha_panda.local.ports import Ports
from alpha_panda.local.postgres import Postgres, data_version
from alpha_panda.local.postgres_program import find_postgres
from alpha_panda.local.process import ServerProcess
from alpha_panda.local.progress import Progress, silent
from alpha_panda.local.redis import Redis
from alpha_panda.local.redis_program import find_redis
from alpha_panda.local.system_user import unprivileged_user
from alpha_panda.runtime.file_lock import FileLock

READY_SECONDS = 60.0
"""How long a store may take to serve; a slow disk after a crash is given time to recover."""


class Store(Protocol):
    """What the three stores have in common."""

    name: str
    process: ServerProcess

    async def prepare(self) -> None:
        """Put everything in place that the server needs."""

    async def start(self) -> None:
        """Start the server."""

    async def wait_ready(self, seconds: float) -> None:
        """Wait until it serves."""

    async def stop(self) -> None:
        """Stop the server."""


class Stores:
    """Kafka, Redis and PostgreSQL of one data directory; make it with `Stores.find()`."""

    def __init__(self, layout: Layout, ports: Ports, kafka: Kafka, redis: Redis, postgres: Postgres) -> None:
        """Put together stores that are not started; `ports` are also for the run's services."""
        self.layout = layout
        self.ports = ports
        self.kafka = kafka
        self.redis = redis
        self.postgres = postgres
        self._lock = FileLock(layout.lock)

    @property
    def all(self) -> tuple[Store, ...]:
        """The stores, the slowest to start first."""
        return (self.kafka, self.postgres, self.redis)

    @classmethod
    async def find(
        cls, layout: Layout, *, fixed_ports: Mapping[str, int] | None = None, progress: Progress = silent
    ) -> Self:
        """The stores of `layout`, with their programs found or fetched; nothing is started.

        Names in `fixed_ports`: kafka, kafka-controller, redis, postgres, and the services' own.
        Raises UnavailableError that says what is missing and the line that installs it.
        """
        layout.create()
        user = unprivileged_user()
        kafka, redis, postgres = await _together(
            _find_kafka(progress),
            asyncio.to_thread(find_redis, progress),
            asyncio.to_thread(find_postgres, user, data_version(layout), progress),
        )
        ports = Ports(layout, fixed_ports, progress)
        return cls(
            layout,
            ports,
            Kafka(kafka, layout, ports),
            Redis(redis, layout, ports),
            Postgres(postgres, layout, ports, user),
        )

    async def start(self, progress: Progress = silent) -> None:
        """Start all three side by side and wait until they serve; where one cannot, stop the others again.

        Call it in a thread that lives as long as the stores should (the main thread): they end with it.
        Raises UnavailableError, also where another process is serving this data directory.
        """
        if not self._lock.try_acquire():
            raise in_use(self.layout, self.layout.lock)
        try:
            await _together(*(_serve(store, progress) for store in self.all))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop all three, side by side since none needs another, and let go of the data directory."""
        try:
            await _together(*(store.stop() for store in self.all))
        finally:
            self._lock.release()


async def _find_kafka(progress: Progress) -> KafkaProgram:
    return await with_class_archive(await asyncio.to_thread(find_kafka, progress), progress)


async def _serve(store: Store, progress: Progress) -> None:
    begun = time.monotonic()
    await store.prepare()
    await store.start()
    await store.wait_ready(READY_SECONDS)
    progress(f"{store.process.name} serves after {time.monotonic() - begun:.1f} s")


async def _together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """Do all of it at once and to its end, then raise the first error if there was one."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
