"""One writer: which records still count once another process has become the owner of their task. Pure.

Every owner of a task has a number of its own, its fence, and no two have the same. It puts a claim
(`OwnershipTaken`) on each partition that it writes. Behind a claim only what was written under its fence or
a later one counts, so an owner that was paused and wakes up after a takeover can write as much as it likes.
The rule needs nothing but the partition's own order, so all readers agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from alpha_panda.events.envelope import Envelope, MalformedEventError, decode
from alpha_panda.events.ownership import OwnershipTaken

Place = tuple[str, int, int]
"""Topic, partition and offset."""
Raised = dict[str, dict[int, dict[str, list[tuple[int, int]]]]]
"""By topic, partition and task: the offsets of claims and their fences, both rising."""


def claim_of(envelope: Envelope) -> OwnershipTaken | None:
    """The claim that a record is; None for any other event. Raises MalformedEventError for one in another's name."""
    if envelope.type != OwnershipTaken.__name__:
        return None
    claim: OwnershipTaken = decode(envelope).data
    if claim.task != envelope.source or claim.fence != envelope.fence or claim.fence < 1:
        written = f"{envelope.source!r} under fence {envelope.fence}"
        raise MalformedEventError(f"a claim of {claim.task!r} under fence {claim.fence}, written by {written}")
    return claim


class Fences:
    """The claims that a reader has met, each with its place: a restart reads earlier records again.

    Only claims raise a fence. An event alone never does, so that one with a wild number mutes nobody.
    """

    def __init__(self, raised: Raised | None = None) -> None:
        """Know what was `kept`, or nothing."""
        self._raised: dict[tuple[str, int], dict[str, list[tuple[int, int]]]] = {}
        for topic, partitions in (raised or {}).items():
            for partition, tasks in partitions.items():
                self._raised[topic, partition] = {task: list(claims) for task, claims in tasks.items()}

    def is_fenced(self, place: Place, envelope: Envelope) -> bool:
        """Whether the record there stands behind a claim of a later owner; no fence is earlier than any."""
        topic, partition, offset = place
        by_task = self._raised.get((topic, partition))
        if by_task is None:
            return False
        return _in_force(by_task.get(envelope.source, ()), offset) > (envelope.fence or 0)

    def learn(self, place: Place, claim: OwnershipTaken) -> None:
        """A claim stands there; one that comes behind a later owner's changes nothing."""
        topic, partition, offset = place
        claims = self._raised.setdefault((topic, partition), {}).setdefault(claim.task, [])
        if _in_force(claims, offset + 1) >= claim.fence:
            return
        later = [each for each in claims if each[0] > offset and each[1] > claim.fence]
        earlier = [each for each in claims if each[0] < offset]
        claims[:] = [*earlier, (offset, claim.fence), *later]

    def highest(self, task: str) -> int:
        """The latest fence that the task was claimed under, in any partition; 0 for none."""
        return max((claims[-1][1] for by_task in self._raised.values() if (claims := by_task.get(task))), default=0)

    def kept(self, offsets: Mapping[tuple[str, int], int]) -> Raised:
        """What a reader that goes on at `offsets` must know: of the claims before them the last is enough."""
        kept: Raised = {}
        for (topic, partition), by_task in sorted(self._raised.items()):
            start = offsets.get((topic, partition), 0)
            kept.setdefault(topic, {})[partition] = {
                task: list(_needed(claims, start)) for task, claims in sorted(by_task.items())
            }
        return kept


def _in_force(claims: list[tuple[int, int]] | tuple[()], offset: int) -> int:
    """The fence that a record at `offset` is measured by; the newest claim is nearly always the one."""
    return next((fence for at, fence in reversed(claims) if at < offset), 0)


def _needed(claims: list[tuple[int, int]], start: int) -> Iterator[tuple[int, int]]:
    for number, claim in enumerate(claims):
        if number + 1 == len(claims) or claims[number + 1][0] >= start:
            yield claim
