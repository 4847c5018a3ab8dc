"""The order events that go out: their ids, causes and sequence. They are rows in PostgreSQL until Kafka has them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.domain.charges import charge_segment, charges_table, subtract
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import order_event_id
from alpha_panda.events.orders import (
    OrderAcknowledged,
    OrderCancelled,
    OrderFailed,
    OrderFilled,
    OrderModified,
    OrderSubmitted,
    OrderUnknown,
)
from alpha_panda.zerodha_trading.reports import TradeReport
from alpha_panda.zerodha_trading.state import ExchangeOrder, Trade

OrderEvent = (
    OrderSubmitted | OrderAcknowledged | OrderFilled | OrderFailed | OrderCancelled | OrderModified | OrderUnknown
)


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What one step did: rows to write together with the events that tell of it."""

    orders: tuple[ExchangeOrder, ...]
    trades: tuple[Trade, ...]
    dropped: tuple[str, ...]
    events: tuple[AnyEvent, ...]

    def __bool__(self) -> bool:
        return bool(self.orders or self.trades or self.dropped or self.events)


class Announcements:
    """Collects what is to be published, in the order in which it happened."""

    def __init__(self, broker: str) -> None:
        """Everything in it is of this Broker."""
        self._broker = broker
        self._events: list[AnyEvent] = []

    def take(self) -> list[AnyEvent]:
        """All events since the last call."""
        events, self._events = self._events, []
        return events

    def submitted(self, record: ExchangeOrder) -> None:
        """The order was sent, whatever came of it."""
        data = OrderSubmitted(order=record.order, order_sequence=self._next(record))
        self._put(record, "submitted", data, record.event_time, "submitted")

    def acknowledged(self, record: ExchangeOrder) -> None:
        """The exchange has the order."""
        first = min(record.parts, default="")
        data = OrderAcknowledged(order=record.order, order_sequence=self._next(record), broker_order_id=first)
        self._put(record, "acknowledged", data, record.event_time, "acknowledged")

    def unknown(self, record: ExchangeOrder, *, given_up: bool = False) -> None:
        """Nobody knows whether the exchange has the order; `given_up`: after all that was to be tried."""
        sequence = self._next(record)
        data = OrderUnknown(order=record.order, order_sequence=sequence, given_up=given_up, message=record.reason)
        self._put(record, "unknown", data, record.event_time, "given_up" if given_up else "unknown")

    def failed(self, record: ExchangeOrder, code: str, message: str) -> None:
        """The order will never trade."""
        data = OrderFailed(order=record.order, order_sequence=self._next(record), code=code, message=message)
        self._put(record, "failed", data, record.event_time, "failed")

    def modified(self, record: ExchangeOrder, reason: str) -> None:
        """The exchange has taken new terms."""
        sequence = self._next(record)
        data = OrderModified(order=record.order, order_sequence=sequence, reason=reason)
        self._put(record, "modified", data, record.event_time, f"modified {sequence}")

    def cancelled(self, record: ExchangeOrder, code: str, message: str, at: datetime | None) -> None:
        """The rest of the order will not trade."""
        sequence = self._next(record)
        data = OrderCancelled(
            order=record.order, order_sequence=sequence, filled_quantity=record.filled, code=code, message=message
        )
        self._put(record, "cancelled", data, _later(record, at), "cancelled")

    def filled(self, record: ExchangeOrder, trade: TradeReport, instrument: Instrument) -> None:
        """A trade of the order: its price and quantity are the exchange's, its charges by our table."""
        order = record.order
        record.trade_ids.append(trade.trade_id)
        record.filled += trade.quantity
        record.turnover_paise += trade.quantity * trade.price_paise
        rates = charges_table().rates(record.charges_day, instrument, order.product, order.side)
        total = rates.of(record.turnover_paise)
        data = OrderFilled(
            order=order,
            order_sequence=self._next(record),
            quantity=trade.quantity,
            price_paise=trade.price_paise,
            filled_quantity=record.filled,
            charges=subtract(total, record.charged),
            charges_as_of=record.charges_day.isoformat(),
            charges_segment=charge_segment(instrument, order.product),
            trade_id=trade.trade_id,
        )
        record.charged = total
        self._put(record, "filled", data, _later(record, trade.at), trade.trade_id)

    def _next(self, record: ExchangeOrder) -> int:
        record.sequence += 1
        return record.sequence - 1

    def _put(self, record: ExchangeOrder, kind: str, data: OrderEvent, at: datetime, name: str) -> None:
        order = record.order
        event = Event(
            id=order_event_id(at, order.order_id, kind, name),
            event_time=at,
            data=data,
            key=str(order.instrument_token),
            key_instrument=order.instrument_token,
            correlation_id=record.correlation_id,
            causation_id=record.causation_id,
            sequence=data.order_sequence,
            broker=self._broker,
        )
        self._events.append(event)


def _later(record: ExchangeOrder, at: datetime | None) -> datetime:
    """The exchange writes whole seconds: what follows from a signal is never dated before it."""
    return record.event_time if at is None else max(record.event_time, at)


def closed(record: ExchangeOrder) -> ExchangeOrder:
    """A copy that later changes leave alone, to be written."""
    return msgspec.structs.replace(record, parts=dict(record.parts), trade_ids=list(record.trade_ids))
