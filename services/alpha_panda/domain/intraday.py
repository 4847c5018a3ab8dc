"""The rules of products: until when an intraday position (MIS) may be opened and must be gone, and who may be short.

The broker closes what is left of MIS at its square-off time, for a fee and at any price, so the platform
is flat before: from the flatten time on it opens nothing intraday. Shares that are not delivered the same
day cannot be sold short: CNC sells only what is held. Pure queries by event time, for the risk manager
and for strategies.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from alpha_panda.domain.calendar import IST, HorizonError, Session, SessionCalendar, trading_date
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.market_rules import Market, Phase, RuleUnknownError, SquareOff, in_force, market_rules
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.domain.phases import Window, continuous, market_of, phase_at
from alpha_panda.events.signals import Product, Side


def flatten_at(session: Session, instrument: Instrument) -> datetime:
    """When the platform is to have closed its intraday positions in an instrument; before `square_off_at`."""
    rule = _square_off(session, instrument)
    return continuous(session, market_of(instrument)).end - timedelta(minutes=rule.flatten_minutes)


def square_off_at(session: Session, instrument: Instrument) -> datetime:
    """When the broker begins to close intraday positions in an instrument by itself."""
    rule = _square_off(session, instrument)
    return continuous(session, market_of(instrument)).end - timedelta(minutes=rule.square_off_minutes)


def refuse_entry_now(
    calendar: SessionCalendar, instrument: Instrument, product: Product, moment: datetime
) -> Refusal | None:
    """Why no entry in the instrument may be sent at a moment of event time; None where one may.

    Only the continuous market takes entries; intraday ones until the flatten time.
    """
    try:
        window = phase_at(calendar, moment, market_of(instrument))
        session = calendar.session_of(trading_date(moment)) if window.phase is Phase.CONTINUOUS else None
    except (HorizonError, RuleUnknownError) as error:
        return Refusal(
            code="market_unknown",
            value=moment.isoformat(),
            limit="a day that the session table covers",
            message=f"whether {instrument.name} trades at {_clock(moment)} is not known: {error}; {error.remedy}",
        )
    if session is None:
        return _not_continuous(instrument, window, moment)
    return _too_late(session, instrument, moment) if product is Product.MIS else None


class EntryHours:
    """The same question many times a day: the hours of a market, a product and a session are looked up once."""

    def __init__(self, calendar: SessionCalendar) -> None:
        """`calendar` is asked anew for each session."""
        self._calendar = calendar
        self._open: dict[tuple[Market, Product], tuple[datetime, datetime]] = {}

    def refuse(self, instrument: Instrument, product: Product, moment: datetime) -> Refusal | None:
        """As `refuse_entry_now`."""
        key = (market_of(instrument), product)
        begin, end = self._open.get(key, (moment, moment))
        if begin <= moment < end:
            return None
        found = refuse_entry_now(self._calendar, instrument, product, moment)
        if found is None:
            self._open[key] = self._hours(instrument, product, moment)
        return found

    def _hours(self, instrument: Instrument, product: Product, moment: datetime) -> tuple[datetime, datetime]:
        """From a moment that takes entries until the first that does not."""
        window = phase_at(self._calendar, moment, market_of(instrument))
        session = self._calendar.session_of(trading_date(moment))
        if session is None or product is not Product.MIS:
            return moment, window.end
        return moment, flatten_at(session, instrument)


def refuse_short(product: Product, side: Side, held: int, quantity: int) -> Refusal | None:
    """Why a sale may not go beyond what is held; None where it does not, or where the product allows it."""
    if side is Side.BUY or product is Product.MIS or quantity <= held:
        return None
    return Refusal(
        code="short_needs_mis",
        value=f"{product}: {quantity} of {held} held",
        limit=f"{max(held, 0)} units, or {Product.MIS}",
        message=f"selling {quantity} with {held} held is a short sale, which {product} does not allow (product)",
    )


def _not_continuous(instrument: Instrument, window: Window, moment: datetime) -> Refusal:
    begin, end = _clock(window.begin), _clock(window.end)
    return Refusal(
        code="market_phase",
        value=window.phase,
        limit=Phase.CONTINUOUS,
        message=f"{instrument.name} is in {window.phase} from {begin} to {end} at {_clock(moment)}: "
        "entries go to the continuous market only",
    )


def _too_late(session: Session, instrument: Instrument, moment: datetime) -> Refusal | None:
    flatten = flatten_at(session, instrument)
    if moment < flatten:
        return None
    square_off = _clock(square_off_at(session, instrument))
    return Refusal(
        code="intraday_cutoff",
        value=_clock(moment),
        limit=f"before {_clock(flatten)}",
        message=f"intraday positions in {instrument.name} are closed from {_clock(flatten)} on, before the broker's "
        f"own square-off at {square_off}: no new one at {_clock(moment)}",
    )


def _square_off(session: Session, instrument: Instrument) -> SquareOff:
    market = market_of(instrument)
    rows = (row for row in market_rules().square_offs if row.market is market)
    return in_force(rows, session.date, f"the square-off time of {market}")


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(IST):%H:%M}"
