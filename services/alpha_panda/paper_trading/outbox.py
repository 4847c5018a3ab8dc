"""The order events that go out: their ids, causes and sequence."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.domain.order_terms import Refusal
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import order_event_id
from alpha_panda.events.orders import (
    Order,
    OrderAcknowledged,
    OrderCancelled,
    OrderFailed,
    OrderFilled,
    OrderModified,
    OrderSubmitted,
)
from alpha_panda.paper_trading.state import WorkingOrder

OrderEvent = OrderSubmitted | OrderAcknowledged | OrderFilled | OrderFailed | OrderCancelled | OrderModified


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Why an order event happens: at what event time, because of which event, and what names it in its id."""

    moment: datetime
    event_id: str | None
    name: str


class Outbox:
    """Collects what a processor returns."""

    def __init__(self, broker: str) -> None:
        """Everything in it is of this Broker."""
        self._broker = broker
        self._events: list[AnyEvent] = []

    def take(self) -> list[AnyEvent]:
        """All events since the last call, in order."""
        events, self._events = self._events, []
        return events

    def submitted(self, working: WorkingOrder, cause: Cause) -> None:
        """The order goes to the paper market, which takes it at once."""
        order = working.order
        submission = OrderSubmitted(order=order, order_sequence=self.next_sequence(working))
        submission_id = self._put("submitted", submission, working.correlation_id, cause)
        acknowledgement = OrderAcknowledged(
            order=order,
            order_sequence=self.next_sequence(working),
            broker_order_id=f"paper-{order.order_id[-12:]}",
        )
        taken = Cause(moment=cause.moment, event_id=submission_id, name=cause.name)
        self._put("acknowledged", acknowledgement, working.correlation_id, taken)

    def failed(self, order: Order, correlation_id: str, refusal: Refusal, cause: Cause) -> None:
        """The paper market refuses the order."""
        data = OrderFailed(order=order, order_sequence=0, code=refusal.code, message=refusal.message)
        self._put("failed", data, correlation_id, cause)

    def filled(self, working: WorkingOrder, data: OrderFilled, cause: Cause) -> str:
        """The order traded; returns the id of the fill."""
        return self._put("filled", data, working.correlation_id, cause)

    def modified(self, working: WorkingOrder, reason: str, cause: Cause) -> None:
        """The order has the new terms that `working` shows."""
        sequence = self.next_sequence(working)
        data = OrderModified(order=working.order, order_sequence=sequence, reason=reason)
        self._put("modified", data, working.correlation_id, cause)

    def cancelled(self, working: WorkingOrder, code: str, message: str, cause: Cause) -> str:
        """The rest of the order will not trade; returns the id of the event."""
        data = OrderCancelled(
            order=working.order,
            order_sequence=self.next_sequence(working),
            filled_quantity=working.filled,
            code=code,
            message=message,
        )
        return self._put("cancelled", data, working.correlation_id, cause)

    def next_sequence(self, working: WorkingOrder) -> int:
        """Number the next event about this order."""
        working.sequence += 1
        return working.sequence - 1

    def _put(self, kind: str, data: OrderEvent, correlation_id: str, cause: Cause) -> str:
        order = data.order
        event = Event(
            id=order_event_id(cause.moment, order.order_id, kind, cause.name),
            event_time=cause.moment,
            data=data,
            key=str(order.instrument_token),
            key_instrument=order.instrument_token,
            correlation_id=correlation_id,
            causation_id=cause.event_id,
            sequence=data.order_sequence,
            broker=self._broker,
        )
        self._events.append(event)
        return event.id
