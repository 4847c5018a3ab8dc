"""A consumer whose commits end. aiokafka waits for a group's coordinator for ever, also where none will be found.

It is so where the task that keeps a client's view of the cluster has died: uvloop raises RuntimeError for a
write on a connection that the broker has just closed, which that task does not survive. Nothing tells, and
the first commit afterwards waits for a view that is never renewed. The process ends then, and the next one
has a client that works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka_errors


class BoundedConsumer(AIOKafkaConsumer):  # type: ignore[misc] # aiokafka has no types
    """Like aiokafka's, but for how long a commit may take."""

    def __init__(self, *, commit_seconds: float, **options: Any) -> None:  # noqa: ANN401 - aiokafka's own
        """Wait for an answer to a commit for `commit_seconds` at most."""
        super().__init__(**options)
        self._commit_seconds = commit_seconds

    async def commit(self, offsets: Mapping[TopicPartition, int] | None = None) -> None:
        """Like aiokafka's; raises KafkaTimeoutError where nothing is known of it in time."""
        try:
            await asyncio.wait_for(super().commit(offsets), self._commit_seconds)
        except TimeoutError as error:
            raise kafka_errors.KafkaTimeoutError(
                f"a commit was not answered within {self._commit_seconds:g} s"
            ) from error
