"""Reading partitions to the ends that they have now: what was written before a start, or dead letters."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from alpha_panda.runtime.snapshots import Offsets


async def read_to_end(
    reader: AIOKafkaConsumer, wanted: list[TopicPartition], since: Offsets
) -> AsyncIterator[ConsumerRecord]:
    """All records of the partitions from `since` (else their beginning) to the ends that they have now."""
    if not wanted:
        return
    reader.assign(wanted)
    ends = await reader.end_offsets(wanted)
    beginnings = await reader.beginning_offsets(wanted)
    left = set()
    for partition in wanted:
        start = since.get(partition.topic, {}).get(partition.partition, 0)
        start = max(start, beginnings[partition])
        reader.seek(partition, start)
        if start < ends[partition]:
            left.add(partition)
    while left:
        for partition, records in (await reader.getmany(timeout_ms=500)).items():
            for record in records:
                if record.offset < ends[partition]:
                    yield record
        for partition in list(left):
            if await reader.position(partition) >= ends[partition]:
                left.discard(partition)
