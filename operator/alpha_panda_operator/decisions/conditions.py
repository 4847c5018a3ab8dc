"""Conditions from what was seen: each says one thing, and Ready is all of them that must hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.status import MESSAGE_LIMIT, Condition, ConditionStatus, ConditionType
from alpha_panda_operator.decisions.observed import Seen, ServiceSeen, Trouble

Said = tuple[ConditionType, ConditionStatus, Reason, str]
"""A condition before it is known since when it holds."""
_ONLY_WHILE_TRUE: Final = (ConditionType.RECONCILING, ConditionType.STALLED)


def holds(kind: ConditionType, reason: Reason = Reason.AS_ASKED, message: str = "") -> Said:
    """It is so."""
    return (kind, ConditionStatus.TRUE, reason, message)


def fails(kind: ConditionType, trouble: Trouble) -> Said:
    """It is not so, and why."""
    return (kind, ConditionStatus.FALSE, trouble.reason, trouble.message)


def common(seen: Seen) -> list[Said]:
    """What is said of every resource, but for Ready."""
    return [
        _one(ConditionType.ACCEPTED, _together(seen.refused)),
        _one(ConditionType.DEPENDENCIES_READY, seen.stores),
        _topics(seen),
        _workload(seen),
        *_progress(seen),
    ]


def with_ready(said: Sequence[Said], needed: Sequence[ConditionType]) -> list[Said]:
    """Ready before all: true where all the needed hold, else the first that does not."""
    failing = next((each for kind in needed for each in said if each[0] is kind and each[1] is not _TRUE), None)
    if failing is None:
        return [holds(ConditionType.READY), *said]
    return [(ConditionType.READY, ConditionStatus.FALSE, failing[2], failing[3]), *said]


def dated(said: Iterable[Said], before: Sequence[Condition], generation: int, now: datetime) -> tuple[Condition, ...]:
    """The conditions, each with the time since when it has its status."""
    since = {each.type: each for each in before}
    found = []
    for kind, status, reason, message in said:
        known = since.get(kind)
        kept = known is not None and known.status is status
        found.append(
            Condition(
                type=kind,
                status=status,
                reason=reason.value,
                message=message[:MESSAGE_LIMIT],
                observed_generation=generation,
                last_transition_time=known.last_transition_time if known is not None and kept else now,
            )
        )
    return tuple(found)


def first_not_serving(services: Iterable[ServiceSeen]) -> Trouble | None:
    """Why the first of them does not serve; what a person can mend comes before what only takes time."""
    found = [each.trouble for each in services if each.trouble is not None]
    return next((each for each in found if each.reason is not Reason.NOT_READY), found[0] if found else None)


def _together(troubles: Sequence[Trouble]) -> Trouble | None:
    if not troubles:
        return None
    return Trouble(reason=troubles[0].reason, message="; ".join(each.message for each in troubles))


def _one(kind: ConditionType, trouble: Trouble | None) -> Said:
    return holds(kind) if trouble is None else fails(kind, trouble)


def _topics(seen: Seen) -> Said:
    if seen.provisioned:
        return holds(ConditionType.TOPICS_READY)
    if seen.stores is not None:
        return fails(ConditionType.TOPICS_READY, seen.stores)
    return fails(ConditionType.TOPICS_READY, Trouble(reason=Reason.NOT_YET, message="not made yet"))


def _workload(seen: Seen) -> Said:
    kind = ConditionType.WORKLOAD_AVAILABLE
    if seen.broken is not None:
        return fails(kind, seen.broken)
    if not seen.runs:
        return holds(kind, Reason.STOPPED)
    return _one(kind, first_not_serving(seen.needed))


def _progress(seen: Seen) -> list[Said]:
    verdict = seen.rollout
    if verdict is None or verdict.record is None:
        return []
    kind = ConditionType.STALLED if verdict.stalled else ConditionType.RECONCILING
    return [holds(kind, verdict.reason, verdict.message)]


_TRUE: Final = ConditionStatus.TRUE
