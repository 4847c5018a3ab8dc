"""A consumer begins where it was, says what is gone from there, and misses topics that are deleted."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition
from structlog.testing import capture_logs
from tests.support.memory_log import MemoryConsumer, MemoryLog

from alpha_panda.events.topics import BARS, TICKS
from alpha_panda.runtime.assignment import Positions, TopicWatch, assign
from alpha_panda.runtime.errors import TransientError

TICK_TOPIC, BAR_TOPIC = TICKS.full_name(), BARS.full_name()
WHERE = TopicPartition(TICK_TOPIC, 0)


@pytest.fixture
def consumer() -> MemoryConsumer:
    """Of a topic with ten records."""
    log = MemoryLog()
    for number in range(10):
        log.append(TICK_TOPIC, str(number).encode())
    return MemoryConsumer(log)


async def assigned(consumer: MemoryConsumer, *readers: Positions) -> list[str]:
    return await assign(consumer, {WHERE: readers})  # type: ignore[arg-type] # a fake


async def test_a_partition_is_read_from_where_its_slowest_reader_is(consumer: MemoryConsumer):
    assert await assigned(consumer, {(TICK_TOPIC, 0): 7}, {(TICK_TOPIC, 0): 4}) == []
    assert consumer.positions == {WHERE: 4}


async def test_who_has_read_nothing_yet_begins_at_the_beginning(consumer: MemoryConsumer):
    assert await assigned(consumer, {(TICK_TOPIC, 0): 7}, {}) == []
    assert consumer.positions == {WHERE: 0}


async def test_a_topic_that_was_made_anew_is_read_whole_and_said(consumer: MemoryConsumer):
    reader: Positions = {(TICK_TOPIC, 0): 500}
    with capture_logs() as said:
        (loss,) = await assigned(consumer, reader)
    assert loss.startswith(f"{TICK_TOPIC}/0 was read up to offset 500 and now ends at 10")
    assert [(line["log_level"], line["reason"]) for line in said] == [("error", loss)]
    assert reader == {(TICK_TOPIC, 0): 0}, "else it would pass over the first 500 of the new topic"


async def test_a_start_without_a_topic_names_it_and_the_remedy(consumer: MemoryConsumer):
    consumer.deleted = {BAR_TOPIC}
    watch = TopicWatch((TICK_TOPIC, BAR_TOPIC))
    with pytest.raises(TransientError, match=f"1 topic does not exist: {BAR_TOPIC}") as refused:
        await watch.require(consumer)  # type: ignore[arg-type] # a fake
    assert "panda up" in str(refused.value.remedy)


async def test_a_topic_that_is_deleted_while_it_is_read_is_missed_after_some_seconds(consumer: MemoryConsumer):
    seconds = iter((100, 102, 104, 106, 108, 112))
    watch = TopicWatch((TICK_TOPIC,), lambda: float(next(seconds)))
    await assigned(consumer, {})

    def look(deleted: set[str]) -> None:
        consumer.deleted = deleted
        watch.look(consumer)  # type: ignore[arg-type] # a fake

    look({TICK_TOPIC})
    look({TICK_TOPIC})
    look(set())  # it was a change of leader
    look({TICK_TOPIC})
    with pytest.raises(TransientError, match="does not exist"):
        look({TICK_TOPIC})
