"""When the states of a process' tasks are kept: snapshots when they are due, and the commits that follow them.

In a run without epochs snapshots are saved beside the loop: states and offsets are taken at one moment, and
while they are on their way the loop goes on, so that a PostgreSQL that hangs holds up no exit. One that
fails is taken anew when the next is due; what it would have spared is read again from the log. Replays wait
for their snapshots, and so do tasks with effects outside Kafka.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Self

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka_errors

from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.fail_points import FailPoint
from alpha_panda.runtime.kafka import retried, translate
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.task import Task


class Checkpoints:
    """The checkpoints of the tasks of one process."""

    def __init__(self, process: Process, consumer: AIOKafkaConsumer, tasks: list[Task], *, beside: bool) -> None:
        """Commit with `consumer`; `beside` saves while the loop goes on."""
        self._process = process
        self._consumer = consumer
        self._tasks = tasks
        self._beside = beside
        self._seconds = process.settings.run.snapshot_seconds
        self._saving: asyncio.Future[list[BaseException | None]] | None = None
        self._log = structlog.get_logger()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave what is on its way: the process ends."""
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.gather(self._saving, return_exceptions=True)

    async def turn(self) -> None:
        """Keep what is due; called where no task is in the middle of a turn."""
        if self._saving is not None:
            if not self._saving.done():
                return
            await self._end_saving()
        due = [task for task in self._tasks if task.due(self._seconds)]
        if not due:
            return
        if not self._beside:
            await self._keep(due)
            return
        self._saving = asyncio.gather(*(task.checkpoint() for task in due), return_exceptions=True)
        await asyncio.sleep(0)  # here each takes its state and offsets; after that the loop may go on

    async def finish(self) -> None:
        """Keep everything and wait for it."""
        if self._saving is not None:
            await self._end_saving()
        await self._keep(self._tasks)

    async def _keep(self, due: Iterable[Task]) -> None:
        for task in due:
            await retried(task.checkpoint)
        await self._commit()

    async def _end_saving(self) -> None:
        saving, self._saving = self._saving, None
        for error in await saving if saving is not None else ():
            if error is None:
                continue
            if not isinstance(error, TransientError):
                raise error
            self._process.metrics.retried()
            self._log.warning("snapshot not kept; it is taken anew when the next is due", reason=str(error))
        await self._commit()

    async def _commit(self) -> None:
        """The snapshots' offsets count; the commit shows them to tools."""
        offsets: dict[TopicPartition, int] = {}
        for task in self._tasks:
            for where, offset in task.saved.items():
                partition = TopicPartition(*where)
                offsets[partition] = min(offsets.get(partition, offset), offset)
        if not offsets:
            return
        self._process.fail_points.reached(FailPoint.BEFORE_COMMIT)
        try:
            await self._consumer.commit(offsets)
        except kafka_errors.KafkaError as error:
            raise translate(error) from error
        self._process.fail_points.reached(FailPoint.AFTER_COMMIT)
