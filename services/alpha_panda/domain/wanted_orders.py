"""What a validated signal asks of any market: the order, the session that it is for, and why not. Pure.

Whether an account may have the order differs from one kind of Broker to another, and is each one's own business.
"""

from __future__ import annotations

from datetime import datetime

from alpha_panda.domain.calendar import HorizonError, Session, SessionCalendar
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import order_id
from alpha_panda.events.orders import Leg, Order
from alpha_panda.events.signals import Intent, SignalValidated


def order_of(event: Event[SignalValidated]) -> Order:
    """The order that a validated signal asks for."""
    signal = event.data.signal
    leg = Leg.ENTRY if signal.intent is Intent.ENTER else Leg.EXIT
    return Order(
        order_id=order_id(event.event_time, event.data.signal_id, leg),
        signal_id=event.data.signal_id,
        strategy=signal.strategy,
        instrument_token=signal.instrument_token,
        leg=leg,
        side=signal.side,
        quantity=event.data.quantity,
        product=signal.product,
        order_type=signal.order_type,
        limit_price_paise=signal.limit_price_paise,
        trigger_price_paise=signal.trigger_price_paise,
        reduce_only=leg is Leg.EXIT,
    )


def session_for(moment: datetime, calendar: SessionCalendar) -> Session | Refusal:
    """The session that an order is for: no order is placed for after the market."""
    try:
        session = calendar.session_at(moment)
    except HorizonError as error:
        return Refusal(code="market_closed", value=moment.isoformat(), limit="", message=f"{error}; {error.remedy}")
    if session is None:
        return refusal("market_closed", moment.isoformat(), "a session of the market", "lies outside every session")
    return session


def refusal(code: str, value: object, limit: object, says: str) -> Refusal:
    """A refusal of an order, in the words that all of them have."""
    return Refusal(
        code=code, value=str(value), limit=str(limit), message=f"the order {says}: {value}; allowed: {limit}"
    )
