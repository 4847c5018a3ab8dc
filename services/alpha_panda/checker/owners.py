"""One writer: each fence is one owner's, and whoever has one claimed a partition before writing to it."""

from __future__ import annotations

from alpha_panda.checker.model import Examination, Finding
from alpha_panda.checker.reading import Facts


def one_writer(facts: Facts) -> Finding:
    """No two owners have one fence, and what counts was written under the fence that was claimed last before it."""
    look = Examination("one_writer", "each task has one writer at a time")
    look.note("records of owners that were replaced, which count for nobody", len(facts.fenced))
    owners: dict[tuple[str, int], str] = {}
    claims = {fact.record.place: fact for fact in facts.claims}
    for fact in facts.claims:
        claim = fact.event.data
        look.look()
        owner = owners.setdefault((claim.task, claim.fence), claim.owner)
        if owner != claim.owner:
            look.fail(fact.at, f"fence {claim.fence} of {claim.task} is claimed by {claim.owner} and by {owner}")
    claimed: dict[tuple[str, int, str], int] = {}
    for fact in sorted((*facts.all, *claims.values()), key=lambda each: each.record.place):
        where = (fact.record.topic, fact.record.partition, fact.envelope.source)
        if fact.record.place in claims:
            claimed[where] = fact.event.data.fence
            continue
        if where not in claimed:
            continue  # the claim is gone with time, or the topic was made after it
        look.look()
        if fact.envelope.fence != claimed[where]:
            look.fail(fact.at, f"written under fence {fact.envelope.fence}, which {fact.envelope.source} never claimed")
    return look.finding()
