"""An order as the simulator's exchange holds it, and as replies and updates show it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from alpha_panda.domain.instrument import Instrument
from alpha_panda.kite_simulator.clock import stamp
from alpha_panda.kite_simulator.quotes import rupees


class Status(StrEnum):
    """How far an order is. UPDATE is said in updates only: a partial fill, or an order that was modified."""

    RECEIVED = "PUT ORDER REQ RECEIVED"
    VALIDATION = "VALIDATION PENDING"
    OPEN_PENDING = "OPEN PENDING"
    OPEN = "OPEN"
    TRIGGER_PENDING = "TRIGGER PENDING"
    MODIFY_VALIDATION = "MODIFY VALIDATION PENDING"
    MODIFY_PENDING = "MODIFY PENDING"
    MODIFIED = "MODIFIED"
    CANCEL_PENDING = "CANCEL PENDING"
    AMO_RECEIVED = "AMO REQ RECEIVED"
    UPDATE = "UPDATE"
    COMPLETE = "COMPLETE"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"


FINAL = frozenset({Status.COMPLETE, Status.CANCELLED, Status.REJECTED})


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller asked for, in paise."""

    variety: str
    instrument: Instrument
    side: str
    quantity: int
    product: str
    order_type: str
    price_paise: int = 0
    trigger_paise: int = 0
    validity: str = "DAY"
    validity_ttl: int = 0
    disclosed_quantity: int = 0
    tag: str | None = None
    algo_id: str | None = None
    market_protection: float = 0.0

    @property
    def sign(self) -> int:
        """+1 buys, -1 sells."""
        return 1 if self.side == "BUY" else -1


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A fill."""

    trade_id: str
    order_id: str
    quantity: int
    price_paise: int
    at: datetime


class Order(msgspec.Struct, kw_only=True):
    """An order of the day."""

    order_id: str
    terms: Terms
    status: Status
    placed_at: datetime
    changed_at: datetime
    user_id: str
    message: str | None = None
    parent_id: str | None = None
    trades: list[Trade] = msgspec.field(default_factory=list)
    cancelled: int = 0
    modifications: int = 0
    triggered: bool = False
    history: list[dict[str, Any]] = msgspec.field(default_factory=list)
    """Each status with the order as it was then."""

    @property
    def filled(self) -> int:
        """The quantity that traded."""
        return sum(trade.quantity for trade in self.trades)

    @property
    def pending(self) -> int:
        """The quantity that may still trade."""
        return self.terms.quantity - self.filled - self.cancelled

    @property
    def average(self) -> float:
        """The mean price of its fills, in rupees."""
        value_paise = sum(trade.quantity * trade.price_paise for trade in self.trades)
        return value_paise / self.filled / 100 if self.filled else 0.0

    @property
    def is_final(self) -> bool:
        """Whether nothing can become of it any more."""
        return self.status in FINAL

    def shown(self) -> dict[str, Any]:
        """The order as `/orders` has it. A market order with protection is listed as LIMIT, as the exchange does."""
        terms, named = self.terms, self.terms.tag
        listed = "LIMIT" if terms.order_type == "MARKET" else terms.order_type
        return {
            "account_id": self.user_id,
            "placed_by": self.user_id,
            "order_id": self.order_id,
            "exchange_order_id": f"1{self.order_id[-12:]}" if self.status not in _NOT_AT_EXCHANGE else None,
            "parent_order_id": self.parent_id,
            "status": self.status.value,
            "status_message": self.message,
            "status_message_raw": self.message,
            "order_timestamp": stamp(self.placed_at),
            "exchange_update_timestamp": stamp(self.changed_at),
            "exchange_timestamp": stamp(self.changed_at),
            "variety": terms.variety,
            "modified": self.modifications > 0,
            "exchange": terms.instrument.exchange.value,
            "tradingsymbol": terms.instrument.symbol,
            "instrument_token": terms.instrument.token,
            "order_type": listed,
            "transaction_type": terms.side,
            "validity": terms.validity,
            "validity_ttl": terms.validity_ttl,
            "product": terms.product,
            "quantity": terms.quantity,
            "disclosed_quantity": terms.disclosed_quantity,
            "price": rupees(terms.price_paise),
            "trigger_price": rupees(terms.trigger_paise),
            "average_price": self.average,
            "filled_quantity": self.filled,
            "pending_quantity": self.pending,
            "cancelled_quantity": self.cancelled,
            "market_protection": 0,
            "meta": {},
            "tag": named,
            "tags": [named] if named else [],
            "guid": f"guid-{self.order_id}",
        }


_NOT_AT_EXCHANGE = frozenset({Status.RECEIVED, Status.VALIDATION, Status.AMO_RECEIVED, Status.REJECTED})


def shown_trade(order: Order, trade: Trade) -> dict[str, Any]:
    """A fill as `/trades` has it."""
    at = stamp(trade.at) or ""
    instrument = order.terms.instrument
    return {
        "trade_id": trade.trade_id,
        "order_id": order.order_id,
        "exchange": instrument.exchange.value,
        "tradingsymbol": instrument.symbol,
        "instrument_token": instrument.token,
        "product": order.terms.product,
        "average_price": rupees(trade.price_paise),
        "quantity": trade.quantity,
        "exchange_order_id": f"1{order.order_id[-12:]}",
        "transaction_type": order.terms.side,
        "fill_timestamp": at,
        "order_timestamp": at[11:],
        "exchange_timestamp": at,
    }
