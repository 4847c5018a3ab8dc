"""The paper market's door: a validated signal becomes a working order, or fails with the reason."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.charges import NoChargesError, charges_table
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.intraday import flatten_at
from alpha_panda.domain.market_rules import RuleUnknownError
from alpha_panda.domain.matching import PaperTerms
from alpha_panda.domain.order_terms import Refusal, refuse_prices, refuse_quantity
from alpha_panda.domain.wanted_orders import refusal, session_for
from alpha_panda.events.envelope import Event
from alpha_panda.events.orders import Leg, Order
from alpha_panda.events.signals import Product, Side, SignalRaised, SignalValidated
from alpha_panda.paper_trading.state import Book, Trade, WorkingOrder


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What is known when a signal knocks."""

    terms: PaperTerms | Refusal
    calendar: SessionCalendar
    instrument: Instrument | None
    book: Book
    watermark: datetime | None
    """Event time by which a signal may be too late; None before the first."""
    halted: Refusal | None
    """Why nothing that would increase risk may go out."""


def admit(event: Event[SignalValidated], order: Order, door: Door) -> WorkingOrder | Refusal:
    """The working order, or why it fails."""
    terms = door.terms
    if isinstance(terms, Refusal):
        return terms
    if order.leg is Leg.ENTRY and door.halted is not None:
        return door.halted
    session = session_for(event.event_time, door.calendar)
    if isinstance(session, Refusal):
        return session
    found = _refuse_terms(event.data.signal, order, door) or _refuse_position(order, door.book)
    if found is not None:
        return found
    try:
        day = charges_table().day(session.date, terms.charges_as_of)
    except NoChargesError as error:
        return Refusal(code="no_charges", value=str(session.date), limit="", message=f"{error}; {error.remedy}")
    return WorkingOrder(
        order=order,
        correlation_id=event.correlation_id,
        charges_day=day,
        effective=event.event_time + terms.latency,
        closes_at=session.close,
        triggered=order.trigger_price_paise is None,
    )


def new_trade(event: Event[SignalValidated], terms: PaperTerms, flatten: datetime | None) -> Trade:
    """The trade that an entry begins, with nothing open yet; `flatten` is when it is to be closed again."""
    signal = event.data.signal
    return Trade(
        signal_id=event.data.signal_id,
        strategy=signal.strategy,
        product=signal.product,
        side=signal.side,
        correlation_id=event.correlation_id,
        stop_loss_paise=signal.stop_loss_paise,
        target_paise=signal.target_paise,
        charges_as_of=terms.charges_as_of,
        flatten=flatten,
    )


def flatten_time(
    event: Event[SignalValidated], instrument: Instrument | None, calendar: SessionCalendar
) -> datetime | None:
    """When the position of an intraday entry is to be closed; None for other products, and where that has passed."""
    session = calendar.session_at(event.event_time)
    if session is None or instrument is None or event.data.signal.product is not Product.MIS:
        return None
    try:
        flatten = flatten_at(session, instrument)
    except RuleUnknownError:
        return None  # a day that no rule is known of: the position ends as its strategy says
    return flatten if flatten > event.event_time else None


def _refuse_terms(signal: SignalRaised, order: Order, door: Door) -> Refusal | None:
    instrument = door.instrument
    if instrument is None:
        return refusal("unknown_instrument", order.instrument_token, "a token of the instrument table", "is unknown")
    if door.watermark is not None and door.watermark > signal.expires_at:
        return refusal("signal_expired", door.watermark.isoformat(), signal.expires_at.isoformat(), "is too late")
    return refuse_prices(signal, instrument) or refuse_quantity(order.quantity, instrument)


def _refuse_position(order: Order, book: Book) -> Refusal | None:
    trade = book.trade(order)
    if order.leg is Leg.ENTRY:
        if trade is not None:
            return refusal("duplicate_position", trade.open, "no open or pending position", "would add to a position")
        if order.side is Side.SELL and order.product is not Product.MIS:
            return refusal("short_needs_mis", order.product, Product.MIS, "would sell short")
        return None
    if trade is None or not trade.open:
        return refusal("no_position", 0, "an open position", "has nothing to reduce")
    if order.side is trade.side:
        return refusal("wrong_side", order.side, trade.side.opposite, "would add to the position that it should close")
    return None
