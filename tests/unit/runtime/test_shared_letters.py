"""The tasks of a process read the control and epoch topics together, and their group sets a record aside once."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka_errors
from tests.support.memory_log import MemoryLog, MemoryProducer, Written

from alpha_panda.events.envelope import Origin
from alpha_panda.events.topics import CONTROL_STRATEGIES, dead_letter_topic
from alpha_panda.runtime.dead_letters import Coordinates
from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.publisher import Publisher

LETTERS = dead_letter_topic(CONTROL_STRATEGIES.name)


class SlowProducer(MemoryProducer):
    """Lets others go on while it writes."""

    async def send_and_wait(self, *args: object, **options: object) -> Written:
        await asyncio.sleep(0)
        return await super().send_and_wait(*args, **options)  # type: ignore[arg-type] # passed on as they came


class BrokenProducer(MemoryProducer):
    """Kafka does not answer."""

    async def send_and_wait(self, *_: object, **__: object) -> Written:
        raise kafka_errors.KafkaTimeoutError


def publisher(producer: MemoryProducer, letters: set[Coordinates]) -> Publisher:
    origin = Origin(source="strategy-runner")
    return Publisher(cast("AIOKafkaProducer", producer), Metrics("r", None), origin, "group", "", 4, letters)


async def test_tasks_that_refuse_a_record_at_once_write_one_dead_letter():
    log, letters = MemoryLog(), set[Coordinates]()
    record = log.append(CONTROL_STRATEGIES.name, b"{")
    tasks = [publisher(SlowProducer(log), letters) for _ in range(4)]
    done = await asyncio.gather(*(task.set_aside(record, "no JSON") for task in tasks))
    assert sorted(done) == [False, False, False, True]
    assert log.values(LETTERS) == [b"{"]


async def test_a_dead_letter_that_could_not_be_written_is_nobodys():
    log, letters = MemoryLog(), set[Coordinates]()
    record = log.append(CONTROL_STRATEGIES.name, b"{")
    with pytest.raises(TransientError):
        await publisher(BrokenProducer(log), letters).set_aside(record, "no JSON")
    assert await publisher(MemoryProducer(log), letters).set_aside(record, "no JSON")
    assert log.values(LETTERS) == [b"{"]
