"""When a trade in shares is delivered: T+1 today, T+2 until 2022, in days on which the clearing house settles.

A day may trade and not settle: bank holidays, weekends with a session, Diwali. Only years whose list of
such days is known are answered for.
"""

from __future__ import annotations

from datetime import date, timedelta

from alpha_panda.domain.calendar import SessionCalendar, is_regular
from alpha_panda.domain.market_rules import RuleUnknownError, in_force, market_rules

_SATURDAY = 5


def settlement_date(calendar: SessionCalendar, traded_on: date) -> date:
    """When shares of a trade on `traded_on` change hands; sold before, they are T1 holdings.

    Raises:
        HorizonError: the session table ends before.
        RuleUnknownError: the cycle depended on the share, or the year's settlement holidays are not known.
    """
    if calendar.session_of(traded_on) is None:
        raise RuleUnknownError(f"no trade can be of {traded_on}, a day without a session", remedy="name a trading day")
    cycle = in_force(market_rules().settlement_cycles, traded_on, "the settlement cycle")
    if cycle.days is None:
        raise RuleUnknownError(
            f"the settlement of a trade on {traded_on} is not known: {cycle.source}", remedy="name a later day"
        )
    day = traded_on
    for _ in range(cycle.days):
        day = _next_settlement_day(calendar, day)
    return day


def is_settlement_day(calendar: SessionCalendar, day: date) -> bool:
    """Whether the clearing house settles on a day; raises as `settlement_date`."""
    session = calendar.session_of(day)
    if session is None or day.weekday() >= _SATURDAY or not is_regular(session):
        return False
    return day not in _holidays(day.year)


def _next_settlement_day(calendar: SessionCalendar, after: date) -> date:
    day = after + timedelta(days=1)
    while not is_settlement_day(calendar, day):
        day += timedelta(days=1)
    return day


def _holidays(year: int) -> tuple[date, ...]:
    lists = market_rules().settlement_holidays
    found = next((each.days for each in lists if each.year == year), None)
    if found is None:
        known = ", ".join(str(each.year) for each in lists)
        raise RuleUnknownError(
            f"the settlement holidays of {year} are not known; known: {known}",
            remedy="add the clearing house's list of that year to market_rules.toml",
        )
    return found
