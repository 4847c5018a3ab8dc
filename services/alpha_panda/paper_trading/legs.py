"""Stop and target of a trade: placed as its entry fills, kept at its open quantity, cancelled when it is flat.

They are twins on the open quantity: what one fills leaves the other as much smaller. They are valid for
the day, like the exchange's: cancelled at the close, and placed again as the next generation at the
next session's open while the trade is open. An intraday (MIS) position is closed at its flatten time, ahead
of the broker's own square-off (`domain.intraday`): nothing else of its trade works from then on. Where no price
came, that is done at the next open.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.domain.calendar import Session, SessionCalendar, trading_date
from alpha_panda.domain.charges import charges_table
from alpha_panda.events.ids import order_id
from alpha_panda.events.orders import Leg, Order
from alpha_panda.events.signals import OrderType, Product
from alpha_panda.paper_trading.outbox import Cause, Outbox
from alpha_panda.paper_trading.state import Book, Trade, WorkingOrder

_TWINS = (Leg.STOP, Leg.TARGET)


class Legs:
    """The legs of all trades in one instrument's book."""

    def __init__(self, token: int, book: Book, outbox: Outbox) -> None:
        """Work on `book` and tell of it in `outbox`."""
        self._token = token
        self._book = book
        self._outbox = outbox

    def follow(self, trade: Trade, cause: Cause, closes_at: datetime) -> None:
        """Make the legs' quantities that of the open trade: place them at its first fill, change them later."""
        if self._book.leg(trade, Leg.FLATTEN) is not None:
            return
        for leg, level_paise in trade.levels:
            working = self._book.leg(trade, leg)
            if working is None:
                self._place(trade, _order(trade, leg, level_paise, self._token, cause), cause, closes_at)
                continue
            wanted = working.filled + trade.open
            if wanted != working.order.quantity:
                working.order = msgspec.structs.replace(working.order, quantity=wanted)
                self._outbox.modified(working, f"the open quantity is {trade.open}", cause)

    def close(self, trade: Trade, by: Order, cause: Cause) -> None:
        """The trade is flat, by the last fill of `by`: nothing of it works any longer."""
        for working in self._book.of(trade):
            is_twin = by.leg in _TWINS and working.order.leg in _TWINS
            code = "twin_filled" if is_twin else "position_closed"
            self.cancel(working, code, f"the {by.leg} filled and the position is closed", cause)

    def cancel(self, working: WorkingOrder, code: str, message: str, cause: Cause) -> str:
        """The rest of an order will not trade; returns the id of the event."""
        self._book.remove(working)
        return self._outbox.cancelled(working, code, message, cause)

    def pass_boundary(self, due: datetime, calendar: SessionCalendar) -> None:
        """A session ends or begins at `due`, or intraday positions are to be closed.

        Raises:
            HorizonError: the session table ends before the session in which legs must be placed again.
        """
        book = self._book
        for working in tuple(book.orders):
            if working.closes_at == due:
                self._expire(working, due)
        for trade in book.trades:
            if trade.flatten == due:
                self._flatten(trade, due)
            if trade.renews is not None and trade.renews.open == due:
                self._renew(trade, trade.renews)
        for trade in book.trades:
            if (
                trade.open
                and trade.levels
                and not any(book.leg(trade, leg) for leg in (trade.levels[0][0], Leg.FLATTEN))
            ):
                trade.renews = calendar.next_session(due)
        book.settle()

    def _flatten(self, trade: Trade, due: datetime) -> None:
        """Whatever of an intraday trade works is cancelled, and what is open is sold or bought back at the market."""
        trade.flatten = None
        cause = Cause(moment=due, event_id=None, name=f"flatten {due.isoformat()}")
        own = self._book.of(trade)
        ended = [self.cancel(each, "intraday_flatten", "intraday positions are closed", cause) for each in own]
        if trade.open and own:
            order = _flattening(trade, self._token, cause)
            after = msgspec.structs.replace(cause, event_id=ended[-1])
            self._place(trade, order, after, own[-1].closes_at, effective=due)

    def _expire(self, working: WorkingOrder, closed_at: datetime) -> None:
        cause = Cause(moment=closed_at, event_id=None, name=f"close {closed_at.isoformat()}")
        order = working.order
        message = f"the session closed with {working.remaining} of {order.quantity} not filled"
        trade = self._book.trade(order)
        cancellation = self.cancel(working, "session_closed", message, cause)
        if trade is not None and order.leg in (*_TWINS, Leg.FLATTEN):
            trade.ended_legs[order.leg] = cancellation

    def _renew(self, trade: Trade, session: Session) -> None:
        """A position that was carried over: protected again, or closed where it should not have been carried."""
        trade.renews = None
        trade.generation += 1
        ended = dict(trade.ended_legs)
        trade.ended_legs.clear()
        if trade.product is Product.MIS:
            because = next(iter(ended.values()), None)
            cause = Cause(moment=session.open, event_id=because, name=f"flatten {session.open.isoformat()}")
            self._place(trade, _flattening(trade, self._token, cause), cause, session.close)
            return
        for leg, level_paise in trade.levels:
            cause = Cause(moment=session.open, event_id=ended.get(leg), name=f"generation {trade.generation}")
            self._place(trade, _order(trade, leg, level_paise, self._token, cause), cause, session.close)

    def _place(
        self, trade: Trade, order: Order, cause: Cause, closes_at: datetime, effective: datetime | None = None
    ) -> None:
        working = WorkingOrder(
            order=order,
            correlation_id=trade.correlation_id,
            charges_day=charges_table().day(trading_date(cause.moment), trade.charges_as_of),
            effective=effective,
            closes_at=closes_at,
            triggered=order.trigger_price_paise is None,
        )
        self._book.orders.append(working)
        self._outbox.submitted(working, cause)


def _order(trade: Trade, leg: Leg, level_paise: int, token: int, cause: Cause) -> Order:
    is_stop = leg is Leg.STOP
    return Order(
        order_id=order_id(cause.moment, trade.signal_id, leg, trade.generation),
        signal_id=trade.signal_id,
        strategy=trade.strategy,
        instrument_token=token,
        leg=leg,
        generation=trade.generation,
        side=trade.side.opposite,
        quantity=trade.open,
        product=trade.product,
        order_type=OrderType.SL_M if is_stop else OrderType.LIMIT,
        trigger_price_paise=level_paise if is_stop else None,
        limit_price_paise=None if is_stop else level_paise,
        reduce_only=True,
    )


def _flattening(trade: Trade, token: int, cause: Cause) -> Order:
    return Order(
        order_id=order_id(cause.moment, trade.signal_id, Leg.FLATTEN, trade.generation),
        signal_id=trade.signal_id,
        strategy=trade.strategy,
        instrument_token=token,
        leg=Leg.FLATTEN,
        generation=trade.generation,
        side=trade.side.opposite,
        quantity=trade.open,
        product=trade.product,
        order_type=OrderType.MARKET,
        reduce_only=True,
    )
