"""When the platform itself closes the positions of a strategy, as strategies are told of it. Pure.

From the calendar and the rules of products alone, not from fills: one instance trades on several Brokers, and a
strategy that decided by one's fills would decide otherwise in a backtest, which runs ahead of them.
"""

from __future__ import annotations

from datetime import date, datetime

from alpha_panda.domain.calendar import HorizonError, SessionCalendar, trading_date
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.intraday import flatten_at
from alpha_panda.domain.market_rules import RuleUnknownError


class Closing:
    """The flatten times of intraday positions in one instrument, a session at a time."""

    def __init__(self, calendar: SessionCalendar, instrument: Instrument) -> None:
        """Look up nothing yet."""
        self._calendar = calendar
        self._instrument = instrument
        self._known: tuple[date, datetime | None] | None = None

    def of(self, moment: datetime) -> datetime | None:
        """That of the session on the date of `moment`; None where there is none, or no rule is known of it."""
        day = trading_date(moment)
        if self._known is None or self._known[0] != day:
            self._known = day, self._look_up(day)
        return self._known[1]

    def _look_up(self, day: date) -> datetime | None:
        try:
            session = self._calendar.session_of(day)
            return None if session is None else flatten_at(session, self._instrument)
        except (HorizonError, RuleUnknownError):
            return None
