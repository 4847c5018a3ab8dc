"""A fill is booked here: the order, its trade and the legs that follow it."""

from __future__ import annotations

from alpha_panda.domain.charges import charge_segment, charges_table, subtract
from alpha_panda.domain.instrument import Instrument
from alpha_panda.events.orders import Leg, OrderFilled
from alpha_panda.paper_trading.legs import Legs
from alpha_panda.paper_trading.outbox import Cause, Outbox
from alpha_panda.paper_trading.state import Book, Execution, Trade, WorkingOrder


class Fills:
    """The fills of one instrument's book."""

    def __init__(self, book: Book, instrument: Instrument, outbox: Outbox) -> None:
        """Work on `book` and tell of it in `outbox`."""
        self._book = book
        self._instrument = instrument
        self._outbox = outbox
        self._legs = Legs(instrument.token, book, outbox)

    def add(self, working: WorkingOrder, trade: Trade, execution: Execution) -> None:
        """An order of a trade is filled, in part or whole; the trade's legs follow."""
        order = working.order
        working.filled += execution.quantity
        working.turnover_paise += execution.quantity * execution.price_paise
        rates = charges_table().rates(working.charges_day, self._instrument, order.product, order.side)
        total = rates.of(working.turnover_paise)
        fill = OrderFilled(
            order=order,
            order_sequence=self._outbox.next_sequence(working),
            quantity=execution.quantity,
            price_paise=execution.price_paise,
            filled_quantity=working.filled,
            charges=subtract(total, working.charged),
            charges_as_of=working.charges_day.isoformat(),
            charges_segment=charge_segment(self._instrument, order.product),
        )
        working.charged = total
        tick = Cause(moment=execution.moment, event_id=execution.tick_id, name=execution.tick_id)
        fill_id = self._outbox.filled(working, fill, tick)
        if fill.complete:
            self._book.remove(working)
        trade.open += execution.quantity if order.leg is Leg.ENTRY else -execution.quantity
        cause = Cause(moment=execution.moment, event_id=fill_id, name=fill_id)
        if trade.open:
            self._legs.follow(trade, cause, working.closes_at)
        else:
            self._legs.close(trade, order, cause)
