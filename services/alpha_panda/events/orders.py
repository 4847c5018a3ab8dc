"""What happened to orders. Each event carries `order_sequence`, since one order's life spans several topics."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from alpha_panda.events.market import Paise, Token
from alpha_panda.events.signals import OrderType, Product, Quantity, Side

EXTERNAL: Final = "external"
"""The strategy of orders on the account that are not ours: they follow from nothing on the log."""
OrderSequence = Annotated[int, msgspec.Meta(ge=0)]


class Leg(StrEnum):
    """Which part of a signal an order is; stop and target are twins, of which one cancels the other."""

    ENTRY = "entry"
    EXIT = "exit"
    STOP = "stop"
    TARGET = "target"
    FLATTEN = "flatten"
    """Closes an intraday position before the broker does."""


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terms of an order, the same in each event about it."""

    order_id: str
    signal_id: str
    strategy: str
    instrument_token: Token
    leg: Leg
    generation: int = 0
    side: Side
    quantity: Quantity
    product: Product
    order_type: OrderType
    limit_price_paise: Paise | None = None
    trigger_price_paise: Paise | None = None
    reduce_only: bool = False


class OrderSubmitted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order was sent to its broker. Topic `orders.submitted`."""

    order: Order
    order_sequence: OrderSequence


class OrderAcknowledged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The broker took the order: it works, and nothing of it is filled yet. Topic `orders.ack`."""

    order: Order
    order_sequence: OrderSequence
    broker_order_id: str


class ChargeSegment(StrEnum):
    """How exchange and state tell trades apart when they charge: the columns of a broker's list of charges."""

    DELIVERY = "delivery"
    INTRADAY = "intraday"
    FUTURES = "futures"
    OPTIONS = "options"


class Charges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a fill cost beside its price, in paise; brokers and exchanges charge per order, so a part may be zero."""

    brokerage_paise: int = 0
    stt_paise: int = 0
    exchange_paise: int = 0
    sebi_paise: int = 0
    stamp_paise: int = 0
    gst_paise: int = 0

    @property
    def total_paise(self) -> int:
        """The sum of all parts."""
        return (
            self.brokerage_paise
            + self.stt_paise
            + self.exchange_paise
            + self.sebi_paise
            + self.stamp_paise
            + self.gst_paise
        )


class OrderFilled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trade: all of the order or a part of it. Topic `orders.filled`; causation is the tick (paper) or the update."""

    order: Order
    order_sequence: OrderSequence
    quantity: Quantity
    price_paise: Paise
    filled_quantity: Quantity
    """Of the whole order up to and with this fill."""
    charges: Charges
    charges_as_of: str
    """The date of the charges table that was used, ISO."""
    charges_segment: ChargeSegment | None = None
    """The column of the table that was used; None where the writer does not say."""
    trade_id: str | None = None
    """The exchange's own name of the trade; paper has none."""

    @property
    def complete(self) -> bool:
        """True where nothing of the order is left to fill."""
        return self.filled_quantity == self.order.quantity


class OrderFailed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The broker refused the order: terminal. Topic `orders.failed`."""

    order: Order
    order_sequence: OrderSequence
    code: str
    message: str


class OrderCancelled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rest of the order will not trade: terminal. Topic `orders.cancelled`."""

    order: Order
    order_sequence: OrderSequence
    filled_quantity: Annotated[int, msgspec.Meta(ge=0)]
    code: str
    """`session_closed`, `twin_filled`, `position_closed`…"""
    message: str


class OrderUnknown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order was sent and no answer says whether the broker has it. Topic `orders.ack`.

    It keeps all that it reserves, is looked for by its tag and never sent again; what is found is acknowledged.
    """

    order: Order
    order_sequence: OrderSequence
    given_up: bool = False
    """It was looked for as long as the worst delay that was ever seen, several times over."""
    message: str


class OrderModified(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Terms of a working order changed (quantity after a partial exit, a trailing stop). Topic `orders.modified`."""

    order: Order
    order_sequence: OrderSequence
    reason: str
