"""The login at Zerodha as a state: absent, active, expiring, expired. Pure; moments come in, verdicts come out.

Tokens end at 06:00 in India, whatever happens; any answer that refuses one ends it at once, however long it
had to live.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from alpha_panda.domain.calendar import IST
from alpha_panda.resources.reasons import Reason

FLUSH: Final = time(6, 0)
"""When all tokens end, in India: the exchange's rule of a login a day."""
WARNING: Final = timedelta(minutes=60)
"""How long before its end a login counts as expiring."""
LOG_IN: Final = "panda zerodha login"


class SessionState(StrEnum):
    """How a login stands."""

    ABSENT = "absent"
    ACTIVE = "active"
    EXPIRING = "expiring"
    EXPIRED = "expired"

    @property
    def is_valid(self) -> bool:
        """Whether the exchange may be asked."""
        return self in (SessionState.ACTIVE, SessionState.EXPIRING)


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A login. `repr` and logs never show the token."""

    user_id: str
    api_key: str
    access_token: str
    logged_in_at: datetime
    expires_at: datetime
    refused_at: datetime | None = None
    """When the exchange first refused the token."""

    def __repr__(self) -> str:
        return f"Session({self.user_id}, until {self.expires_at.isoformat()})"


class SessionVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A login at a moment, in words for a person; `reason` is for the Broker's condition SessionActive."""

    state: SessionState
    reason: Reason
    message: str
    expires_at: datetime | None = None


def expiry(logged_in_at: datetime) -> datetime:
    """When a login of that moment ends: the next 06:00 in India."""
    here = logged_in_at.astimezone(IST)
    flush = datetime.combine(here.date(), FLUSH, IST)
    return flush if here < flush else flush + timedelta(days=1)


def judge(session: Session | None, now: datetime) -> SessionVerdict:
    """How the login stands now, and what to do about it."""
    if session is None:
        return SessionVerdict(
            state=SessionState.ABSENT,
            reason=Reason.SESSION_EXPIRED,
            message=f"nobody has logged in at Zerodha: run `{LOG_IN}`",
        )
    until = f"{session.expires_at.astimezone(IST):%d %b %H:%M} IST"
    if session.refused_at is not None:
        at = f"{session.refused_at.astimezone(IST):%H:%M:%S} IST"
        message = f"Zerodha refused the login of {session.user_id} at {at}: run `{LOG_IN}`"
    elif now >= session.expires_at:
        message = f"the login of {session.user_id} ended at {until}: run `{LOG_IN}`"
    elif session.expires_at - now <= WARNING:
        message = f"the login of {session.user_id} ends at {until}; the next day needs `{LOG_IN}` after that"
        return _valid(SessionState.EXPIRING, session, message)
    else:
        return _valid(SessionState.ACTIVE, session, f"logged in as {session.user_id} until {until}")
    return SessionVerdict(
        state=SessionState.EXPIRED,
        reason=Reason.SESSION_EXPIRED,
        message=message,
        expires_at=session.expires_at,
    )


def _valid(state: SessionState, session: Session, message: str) -> SessionVerdict:
    return SessionVerdict(state=state, reason=Reason.AS_ASKED, message=message, expires_at=session.expires_at)
