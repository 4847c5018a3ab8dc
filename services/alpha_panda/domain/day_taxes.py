"""The securities transaction tax of a day in whole rupees, as a contract note charges it.

Orders are charged to the paisa. When a session is over, the tax of its fills is rounded once for shares,
once for futures, once for options, and the difference is a charge of the account, no strategy's. A fill
that comes later changes the day's sum, and the difference again.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import msgspec

from alpha_panda.domain.calendar import IST, HorizonError, SessionCalendar, trading_date
from alpha_panda.domain.charge_rates import rupee_rounding
from alpha_panda.domain.money import PAISE_PER_RUPEE
from alpha_panda.events.orders import ChargeSegment, OrderFilled

REMEMBERED = timedelta(days=7)
"""How long after its close a day is kept for fills that come late."""
SHARES = "shares"
_KINDS = {ChargeSegment.FUTURES: "futures", ChargeSegment.OPTIONS: "options"}
MOST_ROUNDING_PAISE = PAISE_PER_RUPEE // 2 * (1 + len(_KINDS))
"""What the tax of a day may grow by in all when it becomes whole rupees."""


class TaxRounding(msgspec.Struct, frozen=True, kw_only=True):
    """What makes the tax of a day and kind whole rupees, beyond what was charged for that before."""

    day: str
    """The date in India, and the kind: `2026-04-01 shares`."""
    closed_at: datetime
    paise: int
    tax_paise: int
    """The day's tax so far, to the paisa."""
    cause: str
    """The last fill."""


class TaxedDay(msgspec.Struct, kw_only=True):
    """The tax of one day and kind, and how much of its rounding is charged."""

    closes_at: datetime
    tax_paise: int = 0
    rounded_paise: int = 0
    cause: str = ""


class DayTaxes(msgspec.Struct, kw_only=True):
    """The days that are open or closed not long ago."""

    days: dict[str, TaxedDay] = msgspec.field(default_factory=dict)

    def take(self, fill_id: str, closes_at: datetime, fill: OrderFilled) -> None:
        """Add the tax of a fill to its day."""
        name = f"{trading_date(closes_at)} {tax_kind(fill)}"
        day = self.days.setdefault(name, TaxedDay(closes_at=closes_at))
        day.tax_paise += fill.charges.stt_paise
        day.cause = fill_id

    def next_change(self, now: datetime) -> datetime | None:
        """When `round`, which was called with `now`, finds something to do again if no fill comes; None for never."""
        times = [each.closes_at if now < each.closes_at else each.closes_at + REMEMBERED for each in self.days.values()]
        return min(times, default=None)

    def round(self, now: datetime) -> tuple[TaxRounding, ...]:
        """What is to be charged for the days that are over by now; none of it comes twice."""
        found = []
        for name, day in sorted(self.days.items()):
            if now < day.closes_at:
                continue
            change_paise = rupee_rounding(day.tax_paise) - day.rounded_paise
            if not change_paise:
                continue
            day.rounded_paise += change_paise
            found.append(
                TaxRounding(
                    day=name,
                    closed_at=day.closes_at,
                    paise=change_paise,
                    tax_paise=day.tax_paise,
                    cause=day.cause,
                )
            )
        for name in [name for name, day in self.days.items() if day.closes_at + REMEMBERED < now]:
            del self.days[name]
        return tuple(found)


def tax_kind(fill: OrderFilled) -> str:
    """With which other fills of the day its tax is rounded."""
    return SHARES if fill.charges_segment is None else _KINDS.get(fill.charges_segment, SHARES)


def closing_of(calendar: SessionCalendar, moment: datetime) -> datetime:
    """When the session of a fill's day closes; the end of the date where none is known, for a fill is booked anyway."""
    day = trading_date(moment)
    try:
        session = calendar.session_of(day)
    except HorizonError:
        session = None
    if session is not None:
        return session.close
    return datetime.combine(day, time(23, 59, 59), IST).astimezone(moment.tzinfo)
