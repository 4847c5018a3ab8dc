"""A reader's side of the one-writer rule: claims are learnt, what stands behind a later owner's is passed over."""

from __future__ import annotations

from typing import Any

from aiokafka import ConsumerRecord

from alpha_panda.events.envelope import Envelope
from alpha_panda.events.fences import Fences, claim_of
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.runtime.inbox import Outcome
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.replays import replay_of


def pass_over(
    record: ConsumerRecord,
    header: Envelope,
    fences: Fences,
    metrics: Metrics,
    log: Any,  # noqa: ANN401 - structlog's loggers have no type
) -> OwnershipTaken | Outcome | None:
    """The claim that a record is, or the outcome of one that does not count; None for one that is to be read.

    A dead letter that was written back counts by its id, whoever owned its task when it was first written.
    Raises MalformedEventError for a claim in another's name.
    """
    place = (record.topic, record.partition, record.offset)
    claim = claim_of(header)
    if claim is None and not fences.is_fenced(place, header):
        return None
    if claim is None and record.headers and replay_of(record.headers) is not None:
        return None
    if claim is None or fences.is_fenced(place, header):
        metrics.record(record.topic, Outcome.FENCED)
        log.warning(
            "dropped",
            outcome=Outcome.FENCED,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            source=header.source,
            fence=header.fence,
        )
        return Outcome.FENCED
    fences.learn(place, claim)
    metrics.record(record.topic, Outcome.OWNERSHIP)
    return claim
