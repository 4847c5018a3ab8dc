"""Which days are to be asked for, and in which pieces. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from alpha_panda.domain.calendar import Session, SessionCalendar, trading_date
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.market_rules import RuleUnknownError
from alpha_panda.domain.phases import continuous, market_of
from alpha_panda.errors import InputError
from alpha_panda.events.market import Timeframe


class Span(NamedTuple):
    """Days of one question, both included."""

    first: date
    last: date


def sessions_of(calendar: SessionCalendar, first: date, last: date, now: datetime) -> tuple[Session, ...]:
    """The sessions of these days that have begun.

    Raises:
        HorizonError: the session table does not reach so far.
        InputError: the days are in a wrong order, to come, or without a session.
    """
    if first > last:
        raise InputError(f"--from {first} is after --to {last}", remedy="give the earlier day with --from")
    if first > trading_date(now):
        raise InputError(f"--from {first} is still to come", remedy="give a day that was")
    last = min(last, trading_date(now))
    days = (first + timedelta(days=index) for index in range((last - first).days + 1))
    found = tuple(each for day in days if (each := calendar.session_of(day)) is not None and each.open < now)
    if not found:
        raise InputError(f"the exchange was closed from {first} to {last}", remedy="ask for days with a session")
    return found


def whole(session: Session, instrument: Instrument, timeframe: Timeframe) -> int:
    """How many bars the continuous market of a session has, where something is traded all the time."""
    if timeframe is Timeframe.D1:
        return 1
    try:
        end = continuous(session, market_of(instrument)).end
    except RuleUnknownError:
        end = session.close
    return -(-(min(end, session.close) - session.open) // timeframe.duration)


def lacking(
    sessions: Sequence[Session], kept: Mapping[date, int], instrument: Instrument, timeframe: Timeframe
) -> tuple[Session, ...]:
    """The sessions that are not wholly kept."""
    return tuple(each for each in sessions if kept.get(each.date, 0) < whole(each, instrument, timeframe))


def pieces(days: Sequence[date], most_days: int) -> Iterator[Span]:
    """Spans of at most so many days that cover these days, which are in order."""
    first = before = None
    for day in days:
        if first is None or before is None:
            first = day
        elif (day - first).days >= most_days:
            yield Span(first, before)
            first = day
        before = day
    if first is not None and before is not None:
        yield Span(first, before)
