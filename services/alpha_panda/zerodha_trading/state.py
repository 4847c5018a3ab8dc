"""All that is remembered about orders at Zerodha. Each record is a row in PostgreSQL, written before it is acted on.

An order's states are a one-way automaton (`lifecycle`); what the exchange says of it is in its parts, since an
order above the freeze quantity is several at the exchange.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

import msgspec

from alpha_panda.events.orders import Charges, Leg, Order
from alpha_panda.events.signals import Product, Side


class State(StrEnum):
    """Where an order is."""

    WAITING = "WAITING"
    """It is wanted, and nothing was sent."""
    DENIED = "DENIED"
    """Nothing was sent, and nothing will be."""
    SENDING = "SENDING"
    """Claimed: whoever wrote this may send it once, and nobody may send it again."""
    NOT_SENT = "NOT_SENT"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"
    """It was sent, and nobody knows whether the exchange has it."""
    UNKNOWN_ABSENT = "UNKNOWN_ABSENT"
    """Likewise, and it was looked for long enough; parked, never sent again."""
    ACKED = "ACKED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


OVER: Final = frozenset({State.DENIED, State.NOT_SENT, State.REJECTED, State.FILLED, State.CANCELLED, State.EXPIRED})
UNCERTAIN: Final = frozenset({State.SENDING, State.UNKNOWN, State.UNKNOWN_ABSENT})


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One order at the exchange, as far as it was heard of."""

    broker_order_id: str
    status: str
    quantity: int
    filled: int = 0
    message: str = ""
    at: datetime | None = None
    """When the exchange last changed it."""


class ExchangeOrder(msgspec.Struct, kw_only=True):
    """An order of ours, from the wish for it to its end."""

    order: Order
    trade: str
    """The entry's signal of the trade that it is of; empty for an EXTERNAL one."""
    tag: str
    correlation_id: str
    causation_id: str | None = None
    event_time: datetime
    """Of what it follows from; its events are dated by it until the exchange says something."""
    state: State = State.WAITING
    fence: int = 0
    """Of the owner that claimed it."""
    algo_id: str = ""
    """The exchange's id of the algorithm that it was sent with."""
    received_at: datetime
    claimed_at: datetime | None = None
    unknown_at: datetime | None = None
    sequence: int = 0
    """Of the next event about it."""
    parts: dict[str, Part] = msgspec.field(default_factory=dict)
    trade_ids: list[str] = msgspec.field(default_factory=list)
    filled: int = 0
    turnover_paise: int = 0
    charged: Charges = Charges()
    charges_day: date
    closes_at: datetime
    cancel: str = ""
    """Why it is to be cancelled; empty where it is not."""
    modifications: int = 0
    quantity_asked: int | None = None
    """A change of quantity that was sent and not heard of."""
    code: str = ""
    reason: str = ""

    @property
    def misses_trades(self) -> bool:
        """Whether the exchange says that more of it has filled than there are trades of."""
        return sum(part.filled for part in self.parts.values()) > self.filled

    @property
    def over(self) -> bool:
        """Nothing more can come of it."""
        return self.state in OVER

    @property
    def remaining(self) -> int:
        """Units that are still to trade."""
        return self.order.quantity - self.filled


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """Why a position is being closed: by the strategy's exit, or by the platform."""

    leg: Leg
    code: str
    event_time: datetime


class Trade(msgspec.Struct, kw_only=True):
    """An entry and what became of it: the open units and the levels that protect them."""

    signal_id: str
    strategy: str
    instrument_token: int
    product: Product
    side: Side
    correlation_id: str
    stop_loss_paise: int | None = None
    target_paise: int | None = None
    open: int = 0
    """Units held in the trade's own direction; below zero where more was closed than there was."""
    generation: int = 0
    attempts: int = 0
    """Orders that were to close it and were refused."""
    flatten: datetime | None = None
    closing: Closing | None = None

    @property
    def key(self) -> tuple[str, int, Product]:
        """A strategy has at most one trade in an instrument and product."""
        return (self.strategy, self.instrument_token, self.product)

    @property
    def levels(self) -> tuple[tuple[Leg, int], ...]:
        """The protective legs that it has, the stop first."""
        both = ((Leg.STOP, self.stop_loss_paise), (Leg.TARGET, self.target_paise))
        return tuple((leg, level) for leg, level in both if level is not None)
