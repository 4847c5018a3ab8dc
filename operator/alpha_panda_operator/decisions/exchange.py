"""What a Broker at an exchange is told of its login and its trading, by what the services have written down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from alpha_panda.domain.calendar import IST
from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.standing import ExchangeStanding
from alpha_panda.resources.status import ConditionStatus, ConditionType
from alpha_panda_operator.decisions.conditions import Said, fails, holds
from alpha_panda_operator.decisions.observed import Trouble

LOG_IN: Final = "kubectl panda zerodha login"
SILENT: Final = timedelta(minutes=1)
"""The service that trades says how it stands each second."""


def is_logged_in(standing: ExchangeStanding, now: datetime) -> bool:
    """Whether the login is good, as far as anybody knows."""
    return standing.refused_at is None and standing.expires_at is not None and now < standing.expires_at


def session_said(standing: ExchangeStanding | None, now: datetime) -> Said:
    """Whether somebody is logged in."""
    kind = ConditionType.SESSION_ACTIVE
    if standing is None:
        return (kind, ConditionStatus.UNKNOWN, Reason.NOT_YET, _UNKNOWN)
    if is_logged_in(standing, now):
        return holds(kind, message=f"logged in as {standing.user_id} until {_clock(standing.expires_at)}")
    return fails(kind, Trouble(reason=Reason.SESSION_EXPIRED, message=_over(standing)))


def trading_said(standing: ExchangeStanding | None, now: datetime, *, halted: bool) -> Said:
    """Whether entries go, and the one line why not."""
    kind = ConditionType.TRADING
    if standing is None:
        return (kind, ConditionStatus.UNKNOWN, Reason.NOT_YET, _UNKNOWN)
    if not is_logged_in(standing, now):
        return fails(kind, Trouble(reason=Reason.SESSION_EXPIRED, message=_over(standing)))
    if halted:
        return fails(kind, Trouble(reason=Reason.HALTED, message="spec.halted is true"))
    if standing.told_at is None or now - standing.told_at > SILENT:
        since = "yet" if standing.told_at is None else f"since {_clock(standing.told_at)}"
        return fails(kind, Trouble(reason=Reason.NOT_READY, message=f"zerodha-trading has said nothing {since}"))
    if not standing.trading:
        return fails(kind, Trouble(reason=Reason.ENTRIES_STOPPED, message=standing.why_not))
    dry = "" if standing.live else "dry run: every order ends before it is sent (spec.live is false)"
    return holds(kind, Reason.RUNNING, dry)


def _over(standing: ExchangeStanding) -> str:
    if standing.user_id is None:
        return f"nobody has logged in at Zerodha: {LOG_IN}"
    if standing.refused_at is not None:
        return f"Zerodha refused the login of {standing.user_id} at {_clock(standing.refused_at)}: {LOG_IN}"
    return f"the login of {standing.user_id} ended at {_clock(standing.expires_at)}: {LOG_IN}"


def _clock(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(IST):%d %b %H:%M} IST"


_UNKNOWN: Final = "PostgreSQL does not tell how the login stands: kubectl panda zerodha session"
