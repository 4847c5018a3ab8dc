"""Whether a Kafka that was just started can be used: its metadata, and its consumer groups."""

from __future__ import annotations

import time

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from alpha_panda.errors import UnavailableError

_PROBE_SECONDS = 0.25
_GROUP_SECONDS = 2.0
_POLL_SECONDS = 0.02
_GROUP = "alpha-panda-start"
"""A group that nobody is in; asking for its offsets keeps nothing."""


def serves(client: AdminClient) -> bool:
    """Whether the broker answers this client and counts itself as alive."""
    client.poll(0)
    try:
        return bool(client.list_topics(timeout=_PROBE_SECONDS).brokers)
    except KafkaException:
        return False


def open_groups(settings: dict[str, str], seconds: float) -> None:
    """Ask for a group's offsets once: on the first start Kafka makes its offsets topic then, later it loads it.

    Else the first services would wait for that, each with its own retries.
    """
    deadline = time.monotonic() + seconds
    consumer = Consumer({**settings, "group.id": _GROUP})
    try:
        while not _group_answers(consumer, final=time.monotonic() > deadline):
            time.sleep(_POLL_SECONDS)
    finally:
        consumer.close()


def _group_answers(consumer: Consumer, *, final: bool) -> bool:
    """Whether the group's coordinator answers; while the topic is made it is refused in several ways."""
    try:
        consumer.committed([TopicPartition(_GROUP, 0)], timeout=_GROUP_SECONDS)
    except KafkaException as error:
        if not final:
            return False
        msg = f"Kafka serves, but not its consumer groups: {error.args[0]}"
        raise UnavailableError(msg, remedy="read Kafka's log in the logs/ of this run") from error
    return True
