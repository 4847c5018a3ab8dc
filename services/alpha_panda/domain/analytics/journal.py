"""The trade journal: an account's signals and fills in, round trips out.

A trade belongs to a position (strategy, instrument, product): it begins with the fill that leaves flat and ends
with the one that comes back to it. A fill that turns a position over ends one trade and begins the next.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.domain.analytics.trades import Trade
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.orders import Leg, Order, OrderFilled
from alpha_panda.events.signals import Product, Side, SignalRaised, SignalValidated


class OpenTrade(msgspec.Struct, kw_only=True):
    """A position that is not flat yet."""

    strategy: str
    instrument_token: int
    product: Product
    side: Side
    entered_at: datetime
    signal_id: str
    entered: int = 0
    left: int = 0
    entry_turnover_paise: int = 0
    exit_turnover_paise: int = 0
    charges_paise: int = 0
    slippage_paise: int = 0

    @property
    def quantity(self) -> int:
        """Units held, without a sign."""
        return self.entered - self.left


class Journal:
    """The trades of one Broker, in the order in which they ended."""

    def __init__(self) -> None:
        """Empty."""
        self.closed: list[Trade] = []
        self._open: dict[tuple[str, int, Product], OpenTrade] = {}
        self._signals: dict[str, SignalRaised] = {}

    @property
    def open(self) -> tuple[OpenTrade, ...]:
        """What is held, oldest first."""
        return tuple(self._open.values())

    def take(self, event: AnyEvent) -> None:
        """Take in a signal that may trade, or a fill; anything else is not for the journal."""
        data = event.data
        if isinstance(data, SignalValidated):
            self._signals[data.signal_id] = data.signal
        elif isinstance(data, OrderFilled):
            self._fill(event.event_time, data)

    def _fill(self, at: datetime, fill: OrderFilled) -> None:
        order = fill.order
        key = order.strategy, order.instrument_token, order.product
        trade = self._open.get(key)
        left, charges_paise = fill.quantity, fill.charges.total_paise
        if trade is not None and trade.side is not order.side:
            closing = min(trade.quantity, left)
            share_paise = charges_paise * closing // fill.quantity
            trade.left += closing
            trade.exit_turnover_paise += closing * fill.price_paise
            trade.charges_paise += share_paise
            trade.slippage_paise += self._slippage_paise(order, closing, fill.price_paise)
            left, charges_paise = left - closing, charges_paise - share_paise
            if trade.quantity == 0:
                self.closed.append(self._closed(trade, at, order))
                del self._open[key]
                trade = None
        if left == 0:
            return
        if trade is None:
            trade = self._open[key] = OpenTrade(
                strategy=order.strategy,
                instrument_token=order.instrument_token,
                product=order.product,
                side=order.side,
                entered_at=at,
                signal_id=order.signal_id,
            )
        trade.entered += left
        trade.entry_turnover_paise += left * fill.price_paise
        trade.charges_paise += charges_paise
        trade.slippage_paise += self._slippage_paise(order, left, fill.price_paise)

    def _slippage_paise(self, order: Order, quantity: int, price_paise: int) -> int:
        """What the fill gave up against the price that was expected; negative where it gained."""
        signal = self._signals.get(order.signal_id)
        expected_paise = order.trigger_price_paise or order.limit_price_paise
        if expected_paise is None and signal is not None:
            expected_paise = signal.reference_price_paise
        return 0 if expected_paise is None else order.side.sign * (price_paise - expected_paise) * quantity

    def _closed(self, trade: OpenTrade, at: datetime, last: Order) -> Trade:
        entry, exit_ = self._signals.get(trade.signal_id), self._signals.get(last.signal_id)
        by_strategy = last.leg is Leg.EXIT and exit_ is not None
        return Trade(
            strategy=trade.strategy,
            instrument_token=trade.instrument_token,
            product=trade.product,
            side=trade.side,
            quantity=trade.entered,
            entered_at=trade.entered_at,
            left_at=at,
            entry_turnover_paise=trade.entry_turnover_paise,
            exit_turnover_paise=trade.exit_turnover_paise,
            charges_paise=trade.charges_paise,
            slippage_paise=trade.slippage_paise,
            stop_loss_paise=None if entry is None else entry.stop_loss_paise,
            target_paise=None if entry is None else entry.target_paise,
            entry_reason="" if entry is None else entry.reason,
            exit_leg=last.leg,
            exit_reason=exit_.reason if by_strategy and exit_ is not None else last.leg.value,
            signal_id=trade.signal_id,
        )
