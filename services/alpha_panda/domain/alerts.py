"""Alerts: what a person should hear of, with a state of its own. Pure: changes are folded into an alert, no clock.

A *notice* tells of something that is over (a fill, a refusal); it is resolved from its beginning. A *condition* goes
on until a later fact ends it (a halt, a breaker, a service that does not answer): it is open, somebody may
acknowledge it, and it is resolved. One key has one condition at a time; what comes again is counted. Changes come
from the log and from the watch of the notifier, and may come twice: the same one changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from alpha_panda.events.ids import event_id


class Priority(StrEnum):
    """How much it matters, the most first."""

    CRITICAL = "critical"
    """A person must act now."""
    HIGH = "high"
    """A person should look soon."""
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return _RANKS[self]

    def reaches(self, floor: Priority) -> bool:
        """Whether it is at least as urgent as `floor`."""
        return self.rank <= floor.rank


_RANKS: Final = {priority: rank for rank, priority in enumerate(Priority)}


class AlertState(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Kind(StrEnum):
    """What alerts are about; channels choose by it."""

    FILL = "fill"
    REJECTION = "rejection"
    ORDER_FAILED = "order_failed"
    ORDER_UNKNOWN = "order_unknown"
    HALT = "halt"
    BREAKER = "breaker"
    QUARANTINE = "quarantine"
    FEED = "feed"
    SERVICE = "service"
    DEAD_LETTER = "dead_letter"
    SESSION = "session"
    RECONCILIATION = "reconciliation"
    CHANNEL = "channel"
    COMMAND = "command"
    MONITORING = "monitoring"
    TEST = "test"


class Raised(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened (`notice`), or goes on from `at`."""

    key: str
    kind: Kind
    priority: Priority
    title: str
    text: str
    at: datetime
    cause: str = ""
    """The event that it is about; it tells two that came at one moment apart."""
    broker: str | None = None
    strategy: str | None = None
    notice: bool = False
    level: int = 0
    """A count that only rises: with one, the same key comes again when it has risen, and not by its time."""


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions whose key begins with `prefix` are over, but the one that is exactly `but`."""

    prefix: str
    at: datetime
    but: str = ""
    exact: bool = False
    """Only the condition whose key is `prefix`."""

    def concerns(self, key: str) -> bool:
        """Whether a condition of this key is over."""
        return key == self.prefix if self.exact else key.startswith(self.prefix) and key != self.but


Change = Raised | Resolved


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it stands."""

    id: str
    key: str
    kind: Kind
    priority: Priority
    title: str
    text: str
    state: AlertState
    broker: str | None
    strategy: str | None
    count: int
    level: int
    raised_at: datetime
    """Event time of the first."""
    last_at: datetime
    """Event time of what changed it last."""
    last_cause: str
    resolved_at: datetime | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a change made of an alert, and the word for what is to be told of it; None where nothing is."""

    alert: Alert
    occasion: str | None


RAISED: Final = "raised"
RESOLVED: Final = "resolved"


def raised(current: Alert | None, change: Raised) -> Step | None:
    """The alert after the change, `current` being the latest of its key; None where it was known."""
    if current is None:
        return Step(alert=_begin(change), occasion=RAISED)
    if change.level:
        return _risen(current, change) if change.level > current.level else None
    if (change.at, change.cause) <= (current.last_at, current.last_cause):
        return None
    if current.state is AlertState.RESOLVED and not change.notice:
        return Step(alert=_begin(change), occasion=RAISED)
    return Step(alert=_again(current, change), occasion=None)


def resolved(current: Alert, change: Resolved) -> Step | None:
    """The condition after its end; None where it had ended, or began later."""
    if current.state is AlertState.RESOLVED or change.at < current.raised_at or not change.concerns(current.key):
        return None
    ended = msgspec.structs.replace(
        current,
        state=AlertState.RESOLVED,
        resolved_at=change.at,
        last_at=max(current.last_at, change.at),
        last_cause="",
    )
    return Step(alert=ended, occasion=RESOLVED)


def _begin(change: Raised) -> Alert:
    return Alert(
        id=event_id(change.at, "alert", change.key, change.cause),
        key=change.key,
        kind=change.kind,
        priority=change.priority,
        title=change.title,
        text=change.text,
        state=AlertState.RESOLVED if change.notice else AlertState.OPEN,
        broker=change.broker,
        strategy=change.strategy,
        count=1,
        level=change.level,
        raised_at=change.at,
        last_at=change.at,
        last_cause=change.cause,
        resolved_at=change.at if change.notice else None,
    )


def _again(current: Alert, change: Raised) -> Alert:
    return msgspec.structs.replace(
        current,
        text=change.text,
        title=change.title,
        count=current.count + 1,
        last_at=change.at,
        last_cause=change.cause,
    )


def _risen(current: Alert, change: Raised) -> Step:
    """More of what is counted: open again, and told again where somebody had dealt with it."""
    if current.state is AlertState.RESOLVED:
        return Step(alert=_begin(change), occasion=RAISED)
    alert = msgspec.structs.replace(_again(current, change), level=change.level, state=AlertState.OPEN)
    told = current.state is AlertState.ACKNOWLEDGED
    return Step(alert=alert, occasion=f"{RAISED}-{change.level}" if told else None)
