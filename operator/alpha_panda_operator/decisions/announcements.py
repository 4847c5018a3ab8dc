"""Events of Kubernetes: one for each condition that has become another, with the condition's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.status import Condition, ConditionStatus, ConditionType

_QUIET: Final = (Reason.NOT_YET, Reason.NOT_READY, Reason.NOT_NEEDED, Reason.NOT_HALTED)
"""What a beginning is full of, and nobody needs to be told."""
_BAD_WHEN_TRUE: Final = (ConditionType.HALTED, ConditionType.STALLED)
_NEUTRAL: Final = (ConditionType.TRADING, ConditionType.RECONCILING)


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """An event that is to be told about a resource."""

    warning: bool
    reason: str
    action: str
    note: str


def announcements(before: Sequence[Condition], after: Sequence[Condition]) -> tuple[Announcement, ...]:
    """An event for every condition whose status, or reason for being so, differs from before."""
    known = {each.type: (each.status, each.reason) for each in before}
    return tuple(
        _announcement(each)
        for each in after
        if known.get(each.type) != (each.status, each.reason) and not _goes_without_saying(each, known)
    )


def _goes_without_saying(condition: Condition, known: dict[ConditionType, tuple[ConditionStatus, str]]) -> bool:
    """A first look finds little that is worth telling but that something is refused, broken, or ready."""
    if condition.type in known:
        return condition.status is ConditionStatus.UNKNOWN or condition.reason == Reason.NOT_YET
    expected = condition.status is ConditionStatus.TRUE and condition.type not in (ConditionType.READY, *_BAD_WHEN_TRUE)
    return condition.reason in _QUIET or (expected and condition.type is not ConditionType.RECONCILING)


def _announcement(condition: Condition) -> Announcement:
    holds = condition.status is ConditionStatus.TRUE
    bad = holds if condition.type in _BAD_WHEN_TRUE else not holds
    said = condition.message or f"{condition.type} is {condition.status}"
    return Announcement(
        warning=bad and condition.type not in _NEUTRAL,
        reason=condition.reason if condition.reason != Reason.AS_ASKED else str(condition.type),
        action=f"{condition.type}{'Gained' if holds else 'Lost'}",
        note=said[:1000],
    )
