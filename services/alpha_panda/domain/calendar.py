"""When the market trades: the dated sessions of the equity segment, from a table made at build time.

A session is the open market of one date. Its hours are the table's, date by date, so that special
sessions are rows and not rules: Muhurat evenings, Saturdays of budgets and of recovery drills.
How a session is divided by instrument and date (pre-open, continuous market, closing auction) is in
`phases`; bars, feeds and working orders go by the session as a whole.

Times are aware UTC; a date is the date in India.
"""

from __future__ import annotations

import functools
import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from importlib import resources

import msgspec

from alpha_panda.errors import PandaError

IST = timezone(timedelta(hours=5, minutes=30), "IST")
"""India Standard Time: no daylight saving since the exchanges exist, so an offset is enough."""
REGULAR_OPEN = time(9, 15)
REGULAR_CLOSE = time(15, 30)

HEADER = "date,open,close"
HORIZON_NOTE = "# horizon: "


class HorizonError(PandaError):
    """A moment that the session table says nothing about: neither open nor closed can be assumed."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The market of `date` (in India): open <= moment < close, aware UTC."""

    date: date
    open: datetime
    close: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.open <= moment < self.close


class SessionCalendar:
    """All sessions between two dates, both included; it answers for no other date."""

    def __init__(self, sessions: Sequence[Session], first: date, last: date) -> None:
        """Take sessions in order of time, all within `first` and `last`."""
        self.first = first
        self.last = last
        self._sessions = tuple(sessions)
        self._opens = [session.open for session in self._sessions]
        self._by_date = {session.date: session for session in self._sessions}

    def __iter__(self) -> Iterator[Session]:
        return iter(self._sessions)

    def session_at(self, moment: datetime) -> Session | None:
        """The session that is open at `moment`, None while the market is closed.

        Raises:
            HorizonError: the date is outside the table.
        """
        self._covered(trading_date(moment))
        index = bisect_right(self._opens, moment) - 1
        if index < 0 or moment >= self._sessions[index].close:
            return None
        return self._sessions[index]

    def session_of(self, day: date) -> Session | None:
        """The session of a date in India, None on a day without one.

        Raises:
            HorizonError: the date is outside the table.
        """
        self._covered(day)
        return self._by_date.get(day)

    def next_session(self, after: datetime) -> Session:
        """The first session that opens later than `after`.

        Raises:
            HorizonError: `after` is outside the table, or the table has no later session.
        """
        self._covered(trading_date(after))
        index = bisect_right(self._opens, after)
        if index == len(self._sessions):
            raise self._beyond(f"the session after {after.isoformat()}")
        return self._sessions[index]

    def next_session_open(self, after: datetime) -> datetime:
        """When the first session opens that opens later than `after`; raises as `next_session`."""
        return self.next_session(after).open

    def previous_session(self, before: datetime) -> Session:
        """The last session that closed at or before `before`.

        Raises:
            HorizonError: `before` is outside the table, or the table has no earlier session.
        """
        self._covered(trading_date(before))
        index = bisect_right(self._opens, before) - 1
        if index >= 0 and self._sessions[index].close > before:
            index -= 1
        if index < 0:
            raise self._beyond(f"the session before {before.isoformat()}")
        return self._sessions[index]

    def _covered(self, day: date) -> None:
        if not self.first <= day <= self.last:
            raise self._beyond(day.isoformat())

    def _beyond(self, what: str) -> HorizonError:
        message = f"{what} is outside the session table, which covers {self.first} to {self.last}"
        remedy = "install a release with a later table, or make it anew: python scripts/generate_sessions.py"
        return HorizonError(message, remedy=remedy)


def trading_date(moment: datetime) -> date:
    """The date in India at an aware moment."""
    return moment.astimezone(IST).date()


def is_regular(session: Session) -> bool:
    """Whether a session has the hours of an ordinary day."""
    clocks = (session.open.astimezone(IST).time(), session.close.astimezone(IST).time())
    return clocks == (REGULAR_OPEN, REGULAR_CLOSE)


def parse_sessions(text: str) -> SessionCalendar:
    """The calendar in the text of a session table, as `scripts/generate_sessions.py` writes it.

    Raises:
        ValueError: the text is no such table; it is generated, so this is a fault of the build.
    """
    lines = text.splitlines()
    horizon = next(line.removeprefix(HORIZON_NOTE) for line in lines if line.startswith(HORIZON_NOTE))
    first, last = (date.fromisoformat(each) for each in horizon.split(" to "))
    rows = [line for line in lines if line and not line.startswith("#")]
    if rows[0] != HEADER:
        msg = f"the session table begins with {rows[0]!r}, not with {HEADER!r}"
        raise ValueError(msg)
    sessions = [_session(*row.split(",")) for row in rows[1:]]
    for earlier, later in itertools.pairwise(sessions):
        if later.open < earlier.close:
            msg = f"the sessions of {earlier.date} and {later.date} are out of order"
            raise ValueError(msg)
    return SessionCalendar(sessions, first, last)


@functools.cache
def default_calendar() -> SessionCalendar:
    """The calendar that the package ships, read once."""
    return parse_sessions(
        resources.files("alpha_panda.domain").joinpath("data/sessions.csv").read_text(encoding="utf-8")
    )


def _session(day: str, opens: str, closes: str) -> Session:
    at = date.fromisoformat(day)
    return Session(date=at, open=_moment(at, opens), close=_moment(at, closes))


def _moment(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), IST).astimezone(UTC)
