"""The paper market: ticks meet the working orders of their instrument, in order of acceptance."""

from __future__ import annotations

from alpha_panda.domain.charges import charge_segment, charges_table, subtract
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.matching import PaperTerms, fill_price_paise, is_triggered, tradable
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import Leg, OrderFilled
from alpha_panda.paper_trading.legs import Legs
from alpha_panda.paper_trading.outbox import Cause, Outbox
from alpha_panda.paper_trading.state import Book, Execution, Trade, WorkingOrder


class TickMatch:
    """One tick against one book: the units that it may trade are shared by the book's orders."""

    def __init__(
        self, event: Event[Tick], book: Book, instrument: Instrument, terms: PaperTerms, outbox: Outbox
    ) -> None:
        """Reckon what the tick has to give."""
        self._event = event
        self._book = book
        self._instrument = instrument
        self._terms = terms
        self._outbox = outbox
        self._legs = Legs(instrument.token, book, outbox)
        self._left = tradable(event.data.volume, terms.participation, instrument.lot_size)

    def run(self) -> None:
        """Let each order meet the tick; legs that a fill places wait for the next one."""
        for working in tuple(self._book.orders):
            if not working.ended:
                self._meet(working)
        self._book.settle()

    def _meet(self, working: WorkingOrder) -> None:
        order = working.order
        trade = self._book.trade(order)
        if trade is None or self._retrace(working, trade) or not self._reaches(working):
            return
        price_paise = self._event.data.price_paise
        working.triggered = working.triggered or is_triggered(order, price_paise)
        if not working.triggered:
            return
        at_paise = fill_price_paise(order, price_paise, self._terms.slippage, self._instrument.tick_size_paise)
        quantity = self._quantity(working, trade)
        if at_paise is None or quantity <= 0:
            return
        execution = Execution(
            tick_id=self._event.id,
            moment=self._event.event_time,
            quantity=quantity,
            price_paise=at_paise,
        )
        self._fill(working, trade, execution)

    def _reaches(self, working: WorkingOrder) -> bool:
        return working.effective is None or self._event.event_time > working.effective

    def _quantity(self, working: WorkingOrder, trade: Trade) -> int:
        wanted = working.remaining
        if working.order.reduce_only:
            wanted = min(wanted, trade.open)
        filled_at_end = self._outbox.logged.cancelled.get(working.order.order_id)
        if filled_at_end is not None:
            wanted = min(wanted, filled_at_end - working.filled)
        if self._left is not None:
            wanted = min(wanted, self._left)
        return wanted

    def _retrace(self, working: WorkingOrder, trade: Trade) -> bool:
        """Fill the order as the log says it was; True while the log knows more of it than the state does."""
        logged = self._outbox.logged.fills
        if working.order.order_id not in logged:
            return False
        fills = logged[working.order.order_id]
        while fills and (fills[0].tick_id == self._event.id or fills[0].moment < self._event.event_time):
            working.triggered = True
            self._fill(working, trade, fills.pop(0))
        if not fills:
            del logged[working.order.order_id]
        return True

    def _fill(self, working: WorkingOrder, trade: Trade, execution: Execution) -> None:
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
        if self._left is not None and execution.tick_id == self._event.id:
            self._left = max(self._left - execution.quantity, 0)
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
