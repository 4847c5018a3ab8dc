"""Dead letters: what cannot be processed goes aside with its original bytes, where it came from and why.

Nothing is committed past a record that could not be set aside, so a dead-letter topic that cannot be
written halts the task instead of losing the record. A record that is larger than its dead-letter topic takes
leaves its beginning there, with size, digest and coordinates: that must not stop a partition either.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

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
BYTES = "panda-bytes"
DIGEST = "panda-sha256"
"""Size and digest of a value that its dead-letter topic could not take whole; only such a letter has them."""
KEPT_BYTES = 16 * 1024
"""Of such a value: enough to see what it was, and less than any topic takes."""
_KEPT_KEY = 1024

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


class Shortened(NamedTuple):
    """A letter without most of its record."""

    value: bytes
    key: bytes | None
    headers: list[Header]


def shortened(value: bytes | None, key: bytes | None, headers: list[Header]) -> Shortened:
    """The letter of a record that is too large for its dead-letter topic: its beginning, size and digest.

    The whole is where the coordinates say, for as long as that topic or file keeps it. Of `headers` the letter's
    own are kept, which end with the reason; those of the record may be what is too large.
    """
    whole = value or b""
    own = 1 + next(place for place, (name, _) in enumerate(headers) if name == REASON)
    size = [(BYTES, str(len(whole)).encode()), (DIGEST, hashlib.sha256(whole).hexdigest().encode())]
    return Shortened(whole[:KEPT_BYTES], None if key is None else key[:_KEPT_KEY], [*headers[:own], *size])


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
