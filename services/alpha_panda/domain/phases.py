"""What phase of its day an instrument's market is in: pre-open, continuous, closing auction, post-close, closed.

The sessions are the calendar's; the timetable of a date cuts each into phases by the kind of instrument.
A share of which nobody says whether it has derivatives counts as one that does: its continuous market
ends no later, so nothing is sent into an auction on an assumption.
"""

from __future__ import annotations

import functools
import itertools
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from alpha_panda.domain.calendar import IST, Session, SessionCalendar, trading_date
from alpha_panda.domain.instrument import Instrument, Segment
from alpha_panda.domain.market_rules import Market, Phase, Start, in_force, market_rules


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A phase and its moments: begin <= moment < end, aware UTC."""

    phase: Phase
    begin: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.begin <= moment < self.end


def market_of(instrument: Instrument) -> Market:
    """The timetable that an instrument follows; an index is reckoned while its shares trade."""
    match instrument.segment:
        case Segment.FUTURES | Segment.OPTIONS:
            return Market.DERIVATIVES
        case Segment.INDEX:
            return Market.SHARES
        case Segment.EQUITY:
            return Market.SHARES if instrument.derivatives is False else Market.UNDERLYINGS


def windows(calendar: SessionCalendar, day: date, market: Market) -> tuple[Window, ...]:
    """The phases of a date in India, from midnight to midnight without a gap.

    Raises:
        HorizonError: the date is outside the session table.
        RuleUnknownError: no timetable is that old.
    """
    session = calendar.session_of(day)
    midnight = datetime.combine(day, time(), IST).astimezone(UTC)
    end = midnight + timedelta(days=1)
    if session is None:
        return (Window(phase=Phase.CLOSED, begin=midnight, end=end),)
    inside = _session_windows(session, market)
    before = Window(phase=Phase.CLOSED, begin=midnight, end=inside[0].begin)
    after = Window(phase=Phase.CLOSED, begin=inside[-1].end, end=end)
    return (before, *inside, after)


def phase_at(calendar: SessionCalendar, moment: datetime, market: Market) -> Window:
    """The phase at an aware moment, with its begin and end; raises as `windows`."""
    return next(each for each in windows(calendar, trading_date(moment), market) if moment in each)


def continuous(session: Session, market: Market) -> Window:
    """The continuous market of a session for the instruments of a market."""
    return next(each for each in _session_windows(session, market) if each.phase is Phase.CONTINUOUS)


@functools.lru_cache(maxsize=256)
def _session_windows(session: Session, market: Market) -> tuple[Window, ...]:
    """The phases from the first start to the last, which is the day's last close."""
    rows = (row for row in market_rules().timetables if row.market is market)
    starts = in_force(rows, session.date, f"the timetable of {market}").starts
    return tuple(
        Window(phase=one.phase, begin=_moment(session, one), end=_moment(session, other))
        for one, other in itertools.pairwise(starts)
    )


def _moment(session: Session, start: Start) -> datetime:
    anchor = session.open if start.anchor == "open" else session.close
    return anchor + timedelta(minutes=start.minutes)
