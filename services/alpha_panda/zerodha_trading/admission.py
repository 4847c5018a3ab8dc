"""Whether a validated signal may become an order: asked once as it comes, and again just before it is sent. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.charges import NoChargesError, charges_table
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.order_terms import Refusal, refuse_prices, refuse_quantity
from alpha_panda.domain.wanted_orders import refusal, session_for
from alpha_panda.events.envelope import Event
from alpha_panda.events.orders import Leg, Order
from alpha_panda.events.signals import Product, Side, SignalRaised, SignalValidated
from alpha_panda.zerodha_trading.book import Book
from alpha_panda.zerodha_trading.order_request import MOST_SLICES, slices
from alpha_panda.zerodha_trading.state import ExchangeOrder, Trade
from alpha_panda.zerodha_trading.terms import ZerodhaTerms


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What is known when a signal knocks."""

    terms: ZerodhaTerms | Refusal
    calendar: SessionCalendar
    instrument: Instrument | None
    book: Book
    closed: Refusal | None
    """Why nothing that would increase risk may go out: halted, not reconciled, no login."""
    late: Refusal | None
    """Why the signal is no longer worth acting on; an exit always is."""


def refuse(event: Event[SignalValidated], order: Order, door: Door) -> Refusal | None:
    """Why the order may not be wanted; None where it may."""
    if isinstance(door.terms, Refusal):
        return door.terms
    if order.leg is Leg.ENTRY and (found := door.closed or door.late) is not None:
        return found
    return _refuse_terms(event.data.signal, order, door.instrument) or _refuse_position(order, door.book)


def wish(event: Event[SignalValidated], order: Order, tag: str, door: Door, now: datetime) -> ExchangeOrder | Refusal:
    """The order as a record that waits to be sent, or why there is none."""
    session = session_for(event.event_time, door.calendar)
    if isinstance(session, Refusal):
        return session
    if isinstance(door.terms, Refusal):
        return door.terms
    try:
        day = charges_table().day(session.date, door.terms.charges_as_of)
    except NoChargesError as error:
        return Refusal(code="no_charges", value=str(session.date), limit="", message=f"{error}; {error.remedy}")
    held = door.book.holding(order.strategy, order.instrument_token, order.product)
    return ExchangeOrder(
        order=order,
        trade=order.signal_id if held is None else held.signal_id,
        tag=tag,
        correlation_id=event.correlation_id,
        causation_id=event.id,
        event_time=event.event_time,
        received_at=now,
        charges_day=day,
        closes_at=session.close,
    )


def refused(event: Event[SignalValidated], order: Order, tag: str, now: datetime) -> ExchangeOrder:
    """The record of an order that ends before it begins: its signal has an outcome, too."""
    return ExchangeOrder(
        order=order,
        trade="",
        tag=tag,
        correlation_id=event.correlation_id,
        causation_id=event.id,
        event_time=event.event_time,
        received_at=now,
        charges_day=event.event_time.date(),
        closes_at=event.event_time,
    )


def _refuse_terms(signal: SignalRaised, order: Order, instrument: Instrument | None) -> Refusal | None:
    if instrument is None:
        return refusal("unknown_instrument", order.instrument_token, "a token of the instrument table", "is unknown")
    if slices(order, instrument) > MOST_SLICES:
        most = MOST_SLICES * (instrument.freeze_quantity or 0)
        return refusal("freeze_quantity", order.quantity, f"{most} ({MOST_SLICES} slices)", "is too large")
    whole = msgspec.structs.replace(instrument, freeze_quantity=None)
    return refuse_prices(signal, instrument) or refuse_quantity(order.quantity, whole)


def _refuse_position(order: Order, book: Book) -> Refusal | None:
    trade = book.holding(order.strategy, order.instrument_token, order.product)
    if order.leg is Leg.ENTRY:
        return _refuse_entry(order, book, trade)
    if trade is None or (not trade.open and not book.alive(trade)):
        return refusal("no_position", 0, "an open position", "has nothing to reduce")
    if order.side is trade.side:
        return refusal("wrong_side", order.side, trade.side.opposite, "would add to the position that it should close")
    if trade.closing is not None:
        return refusal("closing", trade.closing.code, "a position that is not being closed", "comes twice")
    return None


def _refuse_entry(order: Order, book: Book, trade: Trade | None) -> Refusal | None:
    if trade is not None:
        return refusal("duplicate_position", trade.open, "no open or pending position", "would add to a position")
    if order.side is Side.SELL and order.product is not Product.MIS:
        return refusal("short_needs_mis", order.product, Product.MIS, "would sell short")
    if (unknown := book.frozen(order.instrument_token)) is not None:
        return refusal("instrument_frozen", unknown.tag, "no order of unknown outcome", "is in a frozen instrument")
    return None
