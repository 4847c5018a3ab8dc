"""What need not be read of a live batch: a price that was overtaken before anybody could act on it.

A service that only marks positions with ticks needs the last one of each instrument. In a replay by epochs
everything is read, since what is decided there must not depend on what happened to be read together.
"""

from __future__ import annotations

from aiokafka import ConsumerRecord

from alpha_panda.domain.processor import Processor
from alpha_panda.events.topics import Topic
from alpha_panda.runtime.inbox import Outcome
from alpha_panda.runtime.metrics import Metrics


def worth_reading(
    records: list[ConsumerRecord], topic: Topic, processor: Processor, metrics: Metrics
) -> list[ConsumerRecord]:
    """Of the records of a partition of `topic` that were read together, those to accept; the others are counted.

    What somebody wrote back, or has no key, is never overtaken.
    """
    if processor.needs_every(topic):
        return records
    last = {record.key: record.offset for record in records}
    kept = [each for each in records if each.headers or each.key is None or last[each.key] == each.offset]
    if len(kept) < len(records):
        metrics.record(records[0].topic, Outcome.OVERTAKEN, len(records) - len(kept))
    return kept
