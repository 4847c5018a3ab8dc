"""Dead letters: what cannot be processed goes aside with its original bytes, where it came from and why.

Nothing is committed past a record that could not be set aside, so a dead-letter topic that cannot be
written halts the task instead of losing the record.
"""

from __future__ import annotations

from aiokafka import ConsumerRecord

from alpha_panda.events.topics import dead_letter_topic

Header = tuple[str, bytes]

GROUP = "panda-group"
TOPIC = "panda-topic"
PARTITION = "panda-partition"
OFFSET = "panda-offset"
REASON = "panda-reason"
TIMESTAMP = "panda-timestamp"
FILE = "panda-file"

Coordinates = tuple[str, int, int]
"""Topic, partition and offset of the source record."""


def dead_letter_headers(record: ConsumerRecord, group: str, reason: str) -> list[Header]:
    """Where the record came from, who could not process it and why; its own headers follow."""
    facts = {
        GROUP: group,
        TOPIC: record.topic,
        PARTITION: str(record.partition),
        OFFSET: str(record.offset),
        TIMESTAMP: str(record.timestamp),
        REASON: reason[:2000],
    }
    return [*((name, text.encode()) for name, text in facts.items()), *(record.headers or ())]


def row_headers(topic: str, file: str, line: int, group: str, reason: str) -> list[Header]:
    """The same for a row of a file that became no record: file and line stand for partition and offset."""
    facts = {GROUP: group, TOPIC: topic, FILE: file, PARTITION: "-1", OFFSET: str(line), REASON: reason[:2000]}
    return [(name, text.encode()) for name, text in facts.items()]


def coordinates_of(headers: list[Header] | tuple[Header, ...], group: str) -> Coordinates | None:
    """The source of a dead letter that `group` wrote (a row's is its file); None for another group's."""
    facts = {name: value.decode(errors="replace") for name, value in headers if name.startswith("panda-") and value}
    source = facts.get(FILE) or facts.get(TOPIC)
    if facts.get(GROUP) != group or source is None:
        return None
    try:
        return source, int(facts.get(PARTITION, "")), int(facts.get(OFFSET, ""))
    except ValueError:
        return None  # nothing that this program wrote


def topic_for(record: ConsumerRecord, broker: str | None, prefix: str) -> str:
    """Where this record's dead letter goes."""
    return dead_letter_topic(record.topic, broker, prefix)
