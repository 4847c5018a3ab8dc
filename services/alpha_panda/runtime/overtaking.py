"""What need not be read of a live batch: a price that was overtaken before anybody could act on it.

A service that only marks positions with ticks needs the last one of each instrument. In a replay by epochs
everything is read, since what is decided there must not depend on what happened to be read together.
"""

from __future__ import annotations

from collections.abc import Callable

from aiokafka import ConsumerRecord

from alpha_panda.runtime.inbox import Outcome
from alpha_panda.runtime.metrics import Metrics


def worth_reading(
    records: list[ConsumerRecord], needs_every: Callable[[str], bool], metrics: Metrics
) -> list[ConsumerRecord]:
    """Of the records of a partition that were read together, those to accept; the others are counted.

    What somebody wrote back, or has no key, is never overtaken.
    """
    if needs_every(records[0].topic):
        return records
    last = {record.key: record.offset for record in records}
    kept = [each for each in records if each.headers or each.key is None or last[each.key] == each.offset]
    if len(kept) < len(records):
        metrics.record(records[0].topic, Outcome.OVERTAKEN, len(records) - len(kept))
    return kept
