"""When pods that handle real money may be replaced: only in the window that their resource names.

What is decided is written into the resource's status before it is done, so that after a crash the next operator goes
on from there. A change that handles paper money is made at once and leaves no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alpha_panda.resources.common import Rollout, RolloutWindow
from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.status import RolloutPhase, RolloutRecord
from alpha_panda_operator.objects.model import digest

LOOK_AGAIN_SECONDS: Final = 20.0
SERVE_SECONDS: Final = 600.0
"""In which the new pods are to serve, unless the installation says otherwise."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What windows depend on; None is not known, and what is not known opens no window."""

    now: datetime
    market_open: bool | None
    flat: bool | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """By service, the revision that runs (where one does), the one that should, and which of them serve."""

    live: Mapping[str, str]
    wanted: Mapping[str, str]
    available: frozenset[str]
    guarded: bool
    rollout: Rollout
    serve_seconds: float = SERVE_SECONDS

    @property
    def replaced(self) -> tuple[str, ...]:
        """The services whose pods would be replaced; new ones replace nothing."""
        return tuple(
            sorted(name for name, revision in self.wanted.items() if self.live.get(name, revision) != revision)
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether pods may be replaced now, what is to be written down first, and when to look again."""

    go: bool
    record: RolloutRecord | None = None
    reason: Reason = Reason.AS_ASKED
    message: str = ""
    look_again: float | None = None
    stalled: bool = False
    """Whether nothing more is done until somebody acts."""


def decide_rollout(record: RolloutRecord | None, change: Change, moment: Moment) -> Verdict:
    """What to do about a change, given what was written down of it."""
    if not change.replaced:
        return _settled(record, change, moment)
    if not change.guarded:
        return Verdict(go=True)
    mends = _mends(record, change)
    record = _of_this_change(record, change, moment)
    if record.phase is RolloutPhase.GIVEN_UP:
        return _given_up(record)
    if record.phase is RolloutPhase.STARTING or mends or _is_open(record.window, moment):
        return _starting(record, change, moment)
    if moment.now >= record.deadline:
        return _given_up(record.model_copy(update={"phase": RolloutPhase.GIVEN_UP}))
    return _waiting(record)


def _settled(record: RolloutRecord | None, change: Change, moment: Moment) -> Verdict:
    """Nothing is to be replaced (any more); what was started is followed until it serves."""
    if record is None or record.phase is not RolloutPhase.STARTING or change.available >= set(record.services):
        return Verdict(go=True)
    return _starting(record, change, moment)


def _mends(record: RolloutRecord | None, change: Change) -> bool:
    """Whether it replaces what was begun in its window and does not serve: to wait would help nobody."""
    if record is None or record.phase is not RolloutPhase.STARTING:
        return False
    return set(change.replaced) <= set(record.services) - change.available


def _of_this_change(record: RolloutRecord | None, change: Change, moment: Moment) -> RolloutRecord:
    wanted = digest({name: change.wanted[name] for name in change.replaced})
    if record is not None and record.to_revision == wanted:
        return record
    before = digest({name: change.live[name] for name in change.replaced})
    return RolloutRecord(
        phase=RolloutPhase.WAITING,
        window=change.rollout.window,
        services=change.replaced,
        from_revision=before,
        to_revision=wanted,
        started_at=moment.now,
        deadline=moment.now + timedelta(seconds=change.rollout.deadline_seconds),
    )


def _is_open(window: RolloutWindow, moment: Moment) -> bool:
    match window:
        case RolloutWindow.ANY:
            return True
        case RolloutWindow.MARKET_CLOSED:
            return moment.market_open is False
        case RolloutWindow.WHEN_FLAT:
            return moment.flat is True


def _starting(record: RolloutRecord, change: Change, moment: Moment) -> Verdict:
    """From here on the record's deadline is that of the new pods."""
    if record.phase is not RolloutPhase.STARTING:
        deadline = moment.now + timedelta(seconds=change.serve_seconds)
        record = record.model_copy(update={"phase": RolloutPhase.STARTING, "deadline": deadline})
    if moment.now >= record.deadline:
        return _stuck(record, change)
    return Verdict(
        go=True,
        record=record,
        reason=Reason.ROLLING_OUT,
        message=f"{', '.join(record.services)}: being replaced",
        look_again=min(LOOK_AGAIN_SECONDS, (record.deadline - moment.now).total_seconds()),
    )


def _stuck(record: RolloutRecord, change: Change) -> Verdict:
    """The old pods are gone, and what they were started with may not suit what the new ones wrote: a person decides."""
    late = sorted(set(record.services) - change.available)
    return Verdict(
        go=True,
        record=record,
        reason=Reason.ROLLOUT_STUCK,
        message=(
            f"{', '.join(late)}: replaced, and not serving by {record.deadline.isoformat(timespec='seconds')}; open "
            "positions are not looked after. Change the image or settings back, or forward: it is done at once, "
            "without waiting for the window"
        ),
        look_again=LOOK_AGAIN_SECONDS,
        stalled=True,
    )


def _waiting(record: RolloutRecord) -> Verdict:
    flat = record.window is RolloutWindow.WHEN_FLAT
    until = "no position is open" if flat else "the market is closed"
    return Verdict(
        go=False,
        record=record,
        reason=Reason.WAITING_UNTIL_FLAT if flat else Reason.WAITING_FOR_MARKET_CLOSE,
        message=(
            f"{', '.join(record.services)}: replaced once {until} (rollout.window), "
            f"given up at {record.deadline.isoformat(timespec='seconds')}"
        ),
        look_again=LOOK_AGAIN_SECONDS,
    )


def _given_up(record: RolloutRecord) -> Verdict:
    return Verdict(
        go=False,
        record=record,
        reason=Reason.DEADLINE_PASSED,
        stalled=True,
        message=(
            f"{', '.join(record.services)}: the window {record.window} did not come before "
            f"{record.deadline.isoformat(timespec='seconds')}, so what ran before runs on; change the spec or "
            "rollout.window to try again"
        ),
    )
