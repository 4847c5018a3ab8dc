"""Trading days, weeks and months, by the date in India: where each ends, and when trading begins again after it.

Breakers count losses within them and unlock after them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from alpha_panda.domain.calendar import IST, HorizonError, SessionCalendar, trading_date


class Period(StrEnum):
    """What a loss is counted within."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def end_of(period: Period, moment: datetime) -> datetime:
    """The first moment after the period that holds `moment`: a midnight in India, in UTC."""
    day = trading_date(moment)
    match period:
        case Period.DAY:
            after = day + timedelta(days=1)
        case Period.WEEK:
            after = day + timedelta(days=7 - day.weekday())
        case Period.MONTH:
            after = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return _midnight(after)


def opens_after(calendar: SessionCalendar, moment: datetime) -> datetime:
    """When the first session at or after a moment opens; the moment itself where no session is known that late."""
    try:
        return calendar.next_session_open(moment - timedelta(microseconds=1))
    except HorizonError:
        return moment


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), IST).astimezone(UTC)
