"""What follows from where a trade is: protected while it is open, closed once that is wanted, then forgotten. Pure.

Stop and target rest at the exchange, so the position is protected while this program is down. Nothing is
assumed of an order that is not over: a position is closed only after everything else of its trade is, since two
orders that close it would open another. A stop that the exchange refuses closes the position instead.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from alpha_panda.events.ids import order_id
from alpha_panda.events.orders import Leg, Order
from alpha_panda.events.signals import OrderType
from alpha_panda.zerodha_trading.book import Book
from alpha_panda.zerodha_trading.state import Closing, ExchangeOrder, State, Trade

ATTEMPTS: Final = 3
"""Orders that may be refused before a person must close the position."""
_CLOSERS: Final = frozenset({Leg.EXIT, Leg.FLATTEN})
_LOST: Final = frozenset({State.REJECTED, State.DENIED, State.UNKNOWN_ABSENT})
_PASSING: Final = frozenset({"TokenException", "too_many_requests", "session_closed"})
"""Refusals that say nothing of the order: it is placed again once that is over."""

Place = Callable[[Trade, Order, datetime], None]
Cancel = Callable[[ExchangeOrder, str], None]


class Legs:
    """The orders that a trade needs beside its entry."""

    def __init__(self, book: Book, place: Place, cancel: Cancel, drop: Callable[[Trade], None]) -> None:
        """`place` wants an order, `cancel` wants one ended, `drop` forgets a trade that is over."""
        self._book = book
        self._place = place
        self._cancel = cancel
        self._drop = drop

    def pursue(self, trade: Trade, now: datetime, *, is_open: bool) -> None:
        """Want what the trade needs now and lacks; `is_open` is whether the market takes orders."""
        alive = self._book.alive(trade)
        if trade.open < 0 and trade.closing is None:
            trade.closing = Closing(leg=Leg.FLATTEN, code="closed_twice", event_time=now)
        if trade.closing is not None:
            self._close(trade, trade.closing, alive, now, is_open=is_open)
        elif trade.open == 0:
            self._wind_up(trade, alive)
        elif is_open:
            self._protect(trade, alive, now)

    def _wind_up(self, trade: Trade, alive: list[ExchangeOrder]) -> None:
        """Flat: an entry may still fill, legs without one have nothing left to close."""
        if any(each.order.leg is Leg.ENTRY for each in alive):
            return
        for each in alive:
            self._cancel(each, "position_closed")
        if not self._book.alive(trade):
            self._drop(trade)

    def _protect(self, trade: Trade, alive: list[ExchangeOrder], now: datetime) -> None:
        if self._is_unprotected(trade):
            trade.closing = Closing(leg=Leg.FLATTEN, code="stop_refused", event_time=now)
            self._close(trade, trade.closing, alive, now, is_open=True)
            return
        for leg, level_paise in trade.levels:
            working = next((each for each in alive if each.order.leg is leg), None)
            if working is None:
                if leg is Leg.STOP or not self._was_refused(trade, leg):
                    self._place(trade, self._protective(trade, leg, level_paise, now), now)
            elif working.state is State.WAITING and working.order.quantity != trade.open:
                working.order = msgspec.structs.replace(working.order, quantity=trade.open)

    def _close(
        self, trade: Trade, closing: Closing, alive: list[ExchangeOrder], now: datetime, *, is_open: bool
    ) -> None:
        closers = [each for each in alive if each.order.leg in _CLOSERS]
        for each in alive:
            if each not in closers:
                self._cancel(each, closing.code)
        blocked = self.blockers(trade)
        if blocked:
            return
        if trade.open == 0:
            for each in closers:
                self._cancel(each, "no_position")
            if not self._book.alive(trade):
                self._drop(trade)
            return
        waiting = [each for each in closers if each.state is State.WAITING]
        if not closers and is_open and trade.attempts < ATTEMPTS:
            self._place(trade, self._closer(trade, now), now)
        for each in waiting:
            each.order = msgspec.structs.replace(
                each.order, quantity=abs(trade.open), side=trade.side.opposite if trade.open > 0 else trade.side
            )

    def blockers(self, trade: Trade) -> list[ExchangeOrder]:
        """What must be over before the trade may be closed; what was given up blocks nothing."""
        return [
            each
            for each in self._book.alive(trade)
            if each.order.leg not in _CLOSERS and each.state is not State.UNKNOWN_ABSENT
        ]

    def may_go(self, record: ExchangeOrder) -> bool:
        """Whether a waiting order may be sent: one that closes goes alone."""
        trade = self._book.trade_of(record)
        if record.order.leg not in _CLOSERS or trade is None:
            return True
        return not self.blockers(trade) and trade.open != 0

    def _is_unprotected(self, trade: Trade) -> bool:
        return self._was_refused(trade, Leg.STOP)

    def _was_refused(self, trade: Trade, leg: Leg) -> bool:
        last = self._book.of_signal(trade.signal_id, leg)[-1:]
        return any(each.state in _LOST and each.code not in _PASSING for each in last)

    def _generation(self, trade: Trade, leg: Leg) -> int:
        return len(self._book.of_signal(trade.signal_id, leg))

    def _protective(self, trade: Trade, leg: Leg, level_paise: int, now: datetime) -> Order:
        is_stop, generation = leg is Leg.STOP, self._generation(trade, leg)
        return Order(
            order_id=order_id(now, trade.signal_id, leg, generation),
            signal_id=trade.signal_id,
            strategy=trade.strategy,
            instrument_token=trade.instrument_token,
            leg=leg,
            generation=generation,
            side=trade.side.opposite,
            quantity=trade.open,
            product=trade.product,
            order_type=OrderType.SL_M if is_stop else OrderType.LIMIT,
            trigger_price_paise=level_paise if is_stop else None,
            limit_price_paise=None if is_stop else level_paise,
            reduce_only=True,
        )

    def _closer(self, trade: Trade, now: datetime) -> Order:
        generation = self._generation(trade, Leg.FLATTEN)
        return Order(
            order_id=order_id(now, trade.signal_id, Leg.FLATTEN, generation),
            signal_id=trade.signal_id,
            strategy=trade.strategy,
            instrument_token=trade.instrument_token,
            leg=Leg.FLATTEN,
            generation=generation,
            side=trade.side.opposite if trade.open > 0 else trade.side,
            quantity=abs(trade.open),
            product=trade.product,
            order_type=OrderType.MARKET,
            reduce_only=True,
        )
