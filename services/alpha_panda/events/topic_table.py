"""The table of topics as Markdown, for `docs/topics.md`. Pure; written by `panda schemas`."""

from __future__ import annotations

from typing import Final

from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.events.topics import (
    BROKER_EPOCHS,
    DLQ_ROOM,
    DLQ_SUFFIX,
    MARKET_EPOCHS,
    TOPICS,
    Cleanup,
    Scope,
    Topic,
)

_KEYS: Final = {
    "instrument": "instrument token",
    "strategy:instrument": "strategy id : instrument token",
    "task": "task",
    "account": "account",
    "name": "name of the resource",
    "scope": "scope of the halt",
    "strategy": "strategy id",
    "actor": "actor",
}


def topics_page() -> str:
    """The whole page."""
    rows = "\n".join(_row(topic) for topic in TOPICS)
    return f"""\
# Topics

<!-- Written by `make schemas` from services/alpha_panda/events/topics.py: change that file, not this one. -->

`{{b}}` is the name of a Broker: such a topic exists once for each Broker. `platform.prefix` goes before every name.
Partitions: `n` is the installation's `platform.partitions` (times `platform.partition_multiplier`), the same for all
of them; a record's partition depends on its instrument alone, whatever its key, so that joins are local.
The shape of each event is in [`schemas/events`](../schemas/events), around it always the
[envelope](../schemas/events/Envelope.json).

| Topic | Key | Partitions | Kept | Events |
|---|---|---|---|---|
{rows}

Retention counts wall time, which is a record's Kafka timestamp; event time is in the envelope. Retention and
replication of a topic can be set under `platform.topics` (see [settings](settings.md)).

What a consumer cannot read goes to the dead-letter topic `<topic>{DLQ_SUFFIX}` with its bytes as they were, one
partition, kept for good; its size limit is the source's and {DLQ_ROOM // 1024} KiB more. A Broker's service writes what
it cannot read of a shared topic to `{{b}}.<topic>{DLQ_SUFFIX}`, since it may not write to anything shared.

On every topic of events that a stream task writes, an [OwnershipTaken](../schemas/events/OwnershipTaken.json) says that
from there on only events of the same `source` with its `fence` or a higher one count.
"""


def _row(topic: Topic) -> str:
    name = f"{{b}}.{topic.name}" if topic.scope is Scope.BROKER else topic.name
    return f"| `{name}` | {_KEYS[topic.key]} | {'1' if topic.single else 'n'} | {_kept(topic)} | {_events(topic)} |"


def _kept(topic: Topic) -> str:
    match topic.cleanup:
        case Cleanup.KEEP:
            return "for good"
        case Cleanup.COMPACT:
            return "the last of each key"
        case Cleanup.DELETE:
            return f"{topic.retention_days} day{'s' if topic.retention_days > 1 else ''}"


def _events(topic: Topic) -> str:
    shapes = [shape for shape, home in EVENT_TOPICS.items() if home is topic]
    if topic in (MARKET_EPOCHS, BROKER_EPOCHS):
        shapes.append(EpochClosed)
    return ", ".join(f"[{shape.__name__}](../schemas/events/{shape.__name__}.json)" for shape in shapes) or "none yet"
