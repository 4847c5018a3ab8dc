"""What goes to Kafka in spite of its size: dead letters, shortened where their topic does not take them whole.

An event that no topic takes is another matter: nothing can be read of it, so its writer says so and goes on.
"""

from __future__ import annotations

from typing import Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka_errors

from alpha_panda.runtime.dead_letters import Header, shortened
from alpha_panda.runtime.kafka import translate
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.topology.kafka import MESSAGE_LIMIT

_FRAME: Final = 1024
"""More than Kafka writes around a record's key and value."""
LARGEST_EVENT: Final = MESSAGE_LIMIT - _FRAME
_TOO_LARGE: Final = (kafka_errors.MessageSizeTooLargeError, kafka_errors.RecordListTooLargeError)


async def write_letter(
    producer: AIOKafkaProducer, topic: str, value: bytes | None, key: bytes | None, headers: list[Header]
) -> None:
    """Write a dead letter and wait for it; raises as `translate` says where even its beginning is not taken.

    A letter that the broker refuses leaves a gap in the producer's sequence, so the next one of the same
    process may be refused as out of order. That ends the process, and the one after it begins anew.
    """
    try:
        try:
            await producer.send_and_wait(topic, value, key=key, partition=0, headers=headers)
        except _TOO_LARGE:
            begun = shortened(value, key, headers)
            await producer.send_and_wait(topic, begun.value, key=begun.key, partition=0, headers=begun.headers)
    except kafka_errors.KafkaError as error:
        raise translate(error) from error


def fits(topic: str, key: bytes, value: bytes, metrics: Metrics) -> bool:
    """Whether a topic takes an event of this size; where not, it is counted and told, since it cannot be written."""
    size = len(key) + len(value)
    if size <= LARGEST_EVENT:
        return True
    metrics.record(topic, "too_large")
    structlog.get_logger().error(
        "event not written: it is too large for its topic",
        topic=topic,
        key=key[:200].decode(errors="replace"),
        bytes=size,
        most=LARGEST_EVENT,
        remedy="whoever made it long (a strategy's reason, a resource) has to make it shorter",
    )
    return False
