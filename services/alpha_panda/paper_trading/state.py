"""All that the paper market remembers: working orders, the trades they belong to, and what was seen.

It is plain data: a snapshot is its JSON.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from alpha_panda.domain.calendar import Session
from alpha_panda.domain.kill_switch import Halts, SwitchReading
from alpha_panda.domain.matching import BEYOND_PAISE, concerns, corridor
from alpha_panda.domain.memory import Memory
from alpha_panda.events.orders import Charges, Leg, Order
from alpha_panda.events.signals import Product, Side


class WorkingOrder(msgspec.Struct, kw_only=True):
    """An order that may still trade."""

    order: Order
    correlation_id: str
    sequence: int = 0
    """Of the next event about this order."""
    filled: int = 0
    turnover_paise: int = 0
    charged: Charges = Charges()
    charges_day: date
    effective: datetime | None
    """It meets ticks strictly later than this; None: every tick that comes."""
    closes_at: datetime
    """The close of its session: it is cancelled before a tick of then or later is matched."""
    triggered: bool
    """Its trigger was met; an order without one always works."""
    ended: bool = False

    @property
    def remaining(self) -> int:
        """Units that are still to trade."""
        return self.order.quantity - self.filled


class Trade(msgspec.Struct, kw_only=True):
    """An entry and what became of it: the open units and the levels that protect them."""

    signal_id: str
    strategy: str
    product: Product
    side: Side
    correlation_id: str
    stop_loss_paise: int | None
    target_paise: int | None
    charges_as_of: date | None
    open: int = 0
    generation: int = 0
    flatten: datetime | None = None
    """When an intraday position is to be closed; None for others, and once it was."""
    renews: Session | None = None
    """The session at whose open the legs are placed again; None while they work or the trade has none."""
    ended_legs: dict[Leg, str] = msgspec.field(default_factory=dict)
    """The cancellation of each leg at the last close, which is why it is placed again."""

    @property
    def key(self) -> tuple[str, Product]:
        """A strategy has at most one trade in an instrument and product."""
        return (self.strategy, self.product)

    @property
    def levels(self) -> list[tuple[Leg, int]]:
        """The protective legs that this trade has, the stop first: on one tick it wins."""
        both = ((Leg.STOP, self.stop_loss_paise), (Leg.TARGET, self.target_paise))
        return [(leg, level) for leg, level in both if level is not None]


class Book(msgspec.Struct, kw_only=True):
    """One instrument: its working orders in order of acceptance, and its trades."""

    orders: list[WorkingOrder] = msgspec.field(default_factory=list)
    trades: list[Trade] = msgspec.field(default_factory=list)
    due: datetime | None = None
    """When the next session boundary concerns this book."""

    def concerned(self, price_paise: int) -> bool:
        """Whether a tick does anything to an order of this book: most ticks do not."""
        return any(concerns(each.order, price_paise, triggered=each.triggered) for each in self.orders)

    @property
    def corridor(self) -> tuple[int, int]:
        """Two prices; ticks strictly between them do nothing to any order of this book."""
        found = [corridor(each.order, triggered=each.triggered) for each in self.orders]
        return max((low for low, _ in found), default=0), min((high for _, high in found), default=BEYOND_PAISE)

    def trade(self, order: Order) -> Trade | None:
        """The trade that an order belongs to, or would."""
        return next((trade for trade in self.trades if trade.key == (order.strategy, order.product)), None)

    def of(self, trade: Trade) -> list[WorkingOrder]:
        """All working orders of a trade: its entry, legs and exits."""
        return [each for each in self.orders if (each.order.strategy, each.order.product) == trade.key]

    def leg(self, trade: Trade, leg: Leg) -> WorkingOrder | None:
        """The working order that is this leg of a trade."""
        return next((each for each in self.of(trade) if each.order.leg is leg), None)

    def remove(self, working: WorkingOrder) -> None:
        """The order is over."""
        working.ended = True
        self.orders = [each for each in self.orders if each is not working]

    def settle(self) -> None:
        """Drop trades that are over, and find the next boundary."""
        self.trades = [trade for trade in self.trades if trade.open or self.of(trade)]
        times = [working.closes_at for working in self.orders]
        times += [trade.renews.open for trade in self.trades if trade.renews is not None]
        times += [trade.flatten for trade in self.trades if trade.flatten is not None]
        self.due = min(times, default=None)


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """What a tick trades of an order."""

    tick_id: str
    moment: datetime
    quantity: int
    price_paise: int


class PaperState(msgspec.Struct, kw_only=True):
    """The whole state of one Broker's paper market."""

    spec: dict[str, Any] | None = None
    configured: bool = False
    halts: Halts = msgspec.field(default_factory=dict)
    """What `control.trading` says."""
    switch: SwitchReading = SwitchReading()
    """What the switch in Redis said last. It is asked again before each entry that it could stop."""
    books: dict[int, Book] = msgspec.field(default_factory=dict)
    last: dict[int, tuple[datetime, int]] = msgspec.field(default_factory=dict)
    """By instrument: time and sequence of its last tick."""
    watermark: datetime | None = None
    seen: Memory = msgspec.field(default_factory=Memory)
    """Signals that were accepted or failed."""
