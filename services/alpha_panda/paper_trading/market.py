"""The paper market: ticks meet the working orders of their instrument, in order of acceptance."""

from __future__ import annotations

from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.matching import PaperTerms, fill_price_paise, is_triggered, tradable
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick
from alpha_panda.paper_trading.fills import Fills
from alpha_panda.paper_trading.outbox import Outbox
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
        self._fills = Fills(book, instrument, outbox)
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
        if trade is None or not self._reaches(working):
            return
        tick, was_triggered = self._event.data, working.triggered
        working.triggered = was_triggered or is_triggered(order, tick.price_paise)
        if not working.triggered:
            return
        at_paise = fill_price_paise(
            order, tick, self._terms.slippage, self._instrument.tick_size_paise, was_triggered=was_triggered
        )
        quantity = self._quantity(working, trade)
        if at_paise is None or quantity <= 0:
            return
        execution = Execution(
            tick_id=self._event.id,
            moment=self._event.event_time,
            quantity=quantity,
            price_paise=at_paise,
        )
        if self._left is not None:
            self._left -= quantity
        self._fills.add(working, trade, execution)

    def _reaches(self, working: WorkingOrder) -> bool:
        return working.effective is None or self._event.event_time > working.effective

    def _quantity(self, working: WorkingOrder, trade: Trade) -> int:
        wanted = working.remaining
        if working.order.reduce_only:
            wanted = min(wanted, trade.open)
        if self._left is not None:
            wanted = min(wanted, self._left)
        return wanted
