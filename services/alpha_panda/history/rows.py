"""Which rows an event becomes. Pure; the names and order of columns stand here, those of bars where they are read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from alpha_panda.domain.processor import AnyEvent, RefusedEventError
from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.orders import (
    Order,
    OrderAcknowledged,
    OrderCancelled,
    OrderFailed,
    OrderFilled,
    OrderModified,
    OrderSubmitted,
    OrderUnknown,
)
from alpha_panda.events.signals import SignalRaised, SignalRejected, SignalValidated
from alpha_panda.runtime.recorded_bars import BAR_COLUMNS

MARKET: Final = "market"
"""The schema of what all Brokers share."""
_LARGEST: Final = 2**63 - 1

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "ticks": ("instrument_token", "event_time", "sequence", "price_paise", "volume"),
    "bars": BAR_COLUMNS,
    "signals": ("id", "signal_id", "stage", "strategy", "instrument_token", "event_time", "data"),
    "orders": (
        "order_id",
        "order_sequence",
        "signal_id",
        "strategy",
        "instrument_token",
        "leg",
        "side",
        "quantity",
        "order_type",
        "status",
        "submitted_at",
        "changed_at",
        "data",
    ),
    "fills": (
        "id",
        "order_id",
        "strategy",
        "instrument_token",
        "side",
        "quantity",
        "price_paise",
        "charges_paise",
        "event_time",
        "data",
    ),
}


class Row(NamedTuple):
    """A row of a table; `values` in the order of `COLUMNS`."""

    schema: str
    table: str
    values: tuple[Any, ...]


class OrderRow(NamedTuple):
    """The values of a row of `orders`; what is filled follows from the rows of `fills`."""

    order_id: UUID
    order_sequence: int
    signal_id: UUID
    strategy: str
    instrument_token: int
    leg: str
    side: str
    quantity: int
    order_type: str
    status: str
    submitted_at: datetime
    changed_at: datetime
    data: str


STATUS: Final[dict[type, str]] = {
    OrderSubmitted: "submitted",
    OrderAcknowledged: "open",
    OrderModified: "open",
    OrderFailed: "failed",
    OrderCancelled: "cancelled",
    OrderUnknown: "unknown",
}
"""The status that an event leaves an order in; a fill leaves it `filled` or `partially_filled`."""

OrderEvent = (
    OrderSubmitted | OrderAcknowledged | OrderFilled | OrderFailed | OrderCancelled | OrderModified | OrderUnknown
)


def rows_of(event: AnyEvent, broker: str | None) -> tuple[Row, ...]:
    """The rows of an event that was read from a topic of `broker` (None: a shared topic).

    Raises:
        RefusedEventError: no history is kept of such events, or a value does not fit its column.
    """
    data = event.data
    if isinstance(data, Tick):
        return (_tick(event, data),)
    if isinstance(data, Bar):
        return (_bar(data),)
    if broker is None:
        raise RefusedEventError(f"{type(data).__name__} is kept per Broker, and its topic belongs to none")
    if isinstance(data, SignalRaised | SignalValidated | SignalRejected):
        return (*_unraised(event, broker), _signal(event, broker))
    if isinstance(data, OrderFilled):
        return (_order(event, data, broker), _fill(event, data, broker))
    if isinstance(data, OrderEvent):
        return (_order(event, data, broker),)
    raise RefusedEventError(f"no history is kept of {type(data).__name__}")


def _tick(event: AnyEvent, tick: Tick) -> Row:
    if tick.volume is not None:
        _fits(tick.volume, "volume")
    values = (tick.instrument_token, event.event_time, event.sequence, tick.price_paise, tick.volume)
    return Row(MARKET, "ticks", values)


def _bar(bar: Bar) -> Row:
    values = (
        bar.instrument_token,
        bar.timeframe.value,
        bar.start,
        bar.open_paise,
        bar.high_paise,
        bar.low_paise,
        bar.close_paise,
        _fits(bar.volume, "volume"),
    )
    return Row(MARKET, "bars", values)


_STAGES: Final[dict[type, str]] = {SignalRaised: "raw", SignalValidated: "validated", SignalRejected: "rejected"}


def _signal(event: AnyEvent, broker: str) -> Row:
    data = event.data
    raised: SignalRaised = data if isinstance(data, SignalRaised) else data.signal
    values = (
        _uuid(event.id),
        _uuid(event.id if isinstance(data, SignalRaised) else data.signal_id),
        _STAGES[type(data)],
        raised.strategy,
        raised.instrument_token,
        event.event_time,
        _json(data),
    )
    return Row(broker, "signals", values)


def _unraised(event: AnyEvent, broker: str) -> tuple[Row, ...]:
    """The signal of a verdict that follows from a person's wish: nobody raised it on a topic of signals."""
    data = event.data
    if isinstance(data, SignalRaised) or event.causation_id in (None, data.signal_id):
        return ()
    raised: SignalRaised = data.signal
    identity = _uuid(data.signal_id)
    values = (identity, identity, "raw", raised.strategy, raised.instrument_token, event.event_time, _json(raised))
    return (Row(broker, "signals", values),)


def _order(event: AnyEvent, data: OrderEvent, broker: str) -> Row:
    order: Order = data.order
    values = OrderRow(
        order_id=_uuid(order.order_id),
        order_sequence=_fits(data.order_sequence, "order_sequence"),
        signal_id=_uuid(order.signal_id),
        strategy=order.strategy,
        instrument_token=order.instrument_token,
        leg=order.leg.value,
        side=order.side.value,
        quantity=_fits(order.quantity, "quantity"),
        order_type=order.order_type.value,
        status=_status(data),
        submitted_at=event.event_time,
        changed_at=event.event_time,
        data=_json(data),
    )
    return Row(broker, "orders", values)


def _status(data: OrderEvent) -> str:
    if isinstance(data, OrderFilled):
        return "filled" if data.complete else "partially_filled"
    return STATUS[type(data)]


def _fill(event: AnyEvent, fill: OrderFilled, broker: str) -> Row:
    order = fill.order
    values = (
        _uuid(event.id),
        _uuid(order.order_id),
        order.strategy,
        order.instrument_token,
        order.side.value,
        _fits(fill.quantity, "quantity"),
        fill.price_paise,
        _fits(fill.charges.total_paise, "charges"),
        event.event_time,
        _json(fill),
    )
    return Row(broker, "fills", values)


def _json(data: msgspec.Struct) -> str:
    text = _ENCODER.encode(data).decode()
    if "\\u0000" in text:
        raise RefusedEventError("a text with a NUL character, which PostgreSQL cannot keep")
    return text


_ENCODER: Final = msgspec.json.Encoder()


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise RefusedEventError(f"an id that is no UUID: {text!r}") from error


def _fits(number: int, what: str) -> int:
    if abs(number) > _LARGEST:
        raise RefusedEventError(f"{what} {number} does not fit 64 bits")
    return number
