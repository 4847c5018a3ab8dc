"""Which alerts the notifier's own look at the platform becomes: what goes on now, by key. Pure, no clock of its own.

A look brings all conditions of one source. One that was not seen at the look before waits for a second look, so
that what passes by itself is not told; one that is seen no more at two looks is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alpha_panda.domain.alerts import Change, Kind, Priority, Raised, Resolved
from alpha_panda.domain.breakers import CODES_OF_BREAKERS
from alpha_panda.domain.locks import subject_of
from alpha_panda.domain.pipeline_watch import Code, Finding
from alpha_panda.domain.standing import Standing

_OF_FEED = frozenset({Code.STALE_FEED, Code.STALE_INSTRUMENTS})
_URGENT = frozenset({Code.STALE_FEED, Code.NO_PROGRESS, Code.NOT_ANSWERING})


class ConditionWatch:
    """One source's conditions from look to look. `prefix` begins the keys of all that it will ever see."""

    def __init__(self, prefix: str) -> None:
        """Nothing was seen."""
        self._prefix = prefix
        self._seen: set[str] = set()
        self._missed: set[str] = set()
        self._told: set[str] = set()

    def look(self, conditions: Iterable[Raised], at: datetime, open_keys: Iterable[str]) -> tuple[Change, ...]:
        """The changes that follow from a look; `open_keys` are the conditions that are open in the table."""
        present = {each.key: each for each in conditions}
        known = {key for key in open_keys if key.startswith(self._prefix)} | self._told
        begun = [each for key, each in present.items() if key in self._seen and key not in known]
        gone = {key for key in known if key not in present}
        over = gone & self._missed
        self._seen, self._missed = set(present), gone - over
        self._told = (self._told | {each.key for each in begun}) - over
        return (*begun, *(Resolved(prefix=key, at=at, exact=True) for key in sorted(over)))


def of_standing(broker: str, standing: Standing, at: datetime) -> tuple[Raised, ...]:
    """The breakers of an account that are in force."""
    found = []
    for lock in standing.locks:
        if lock.code not in CODES_OF_BREAKERS:
            continue
        strategy, _ = subject_of(lock.subject)
        whose = f"strategy {strategy}" if strategy else "the account"
        found.append(
            Raised(
                key=f"breaker:{broker}:{lock.code}:{lock.subject}",
                kind=Kind.BREAKER,
                priority=Priority.CRITICAL,
                title=f"{broker}: {lock.code} stops {whose}",
                text=lock.message,
                at=at,
                broker=broker,
                strategy=strategy,
            )
        )
    return tuple(found)


def of_finding(finding: Finding, at: datetime) -> Raised:
    """What a service's own watch finds wrong."""
    return Raised(
        key=f"finding:{finding.code}:{finding.subject}",
        kind=Kind.FEED if finding.code in _OF_FEED else Kind.SERVICE,
        priority=Priority.HIGH if finding.code in _URGENT else Priority.NORMAL,
        title=f"{finding.subject}: {finding.code}",
        text=f"{finding.message}; look: {finding.look}",
        at=at,
    )


def of_process(name: str, state: str, reason: str, at: datetime) -> Raised:
    """A service or store whose process does not run."""
    return Raised(
        key=f"process:{name}",
        kind=Kind.SERVICE,
        priority=Priority.CRITICAL,
        title=f"{name} does not run: {state}",
        text=reason or "its process has ended; it is started again with growing pauses",
        at=at,
    )


def of_letters(topic: str, count: int, at: datetime) -> Raised:
    """Records that could not be processed; more of them are told again once somebody has acknowledged these."""
    return Raised(
        key=f"dead_letter:{topic}",
        kind=Kind.DEAD_LETTER,
        priority=Priority.HIGH,
        title=f"{count} dead letter{'s' if count > 1 else ''} on {topic}",
        text="records that could not be processed were set aside; look: panda dlq list",
        at=at,
        level=count,
    )


def of_channel(name: str, reason: str, at: datetime) -> Raised:
    """A channel that does not take what is sent to it; the other channels tell."""
    return Raised(
        key=f"channel:{name}",
        kind=Kind.CHANNEL,
        priority=Priority.HIGH,
        title=f"Notifications by {name} fail",
        text=f"{reason}; what waits is tried again with growing pauses",
        at=at,
    )
