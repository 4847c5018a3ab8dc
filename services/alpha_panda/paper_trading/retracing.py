"""A restarted paper market follows its log: fills that are on it are booked again, in the log's order.

Live, a restart reads signals and ticks again in another order than the first time. What is on the log
stands, so a fill on it is booked by its tick, or ahead of its tick where a decision is due that came after
it: an exit or an entry of the same strategy, the close of a session, the end of the Broker. A fill whose
order's signal was not read again yet waits for it, and so do all fills of its trade behind it. While fills
wait nothing new trades beside them: had it traded, then its fill would be on the log before them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import Leg, Order
from alpha_panda.paper_trading.fills import Fills
from alpha_panda.paper_trading.legs import Legs
from alpha_panda.paper_trading.outbox import Cause, Outbox
from alpha_panda.paper_trading.state import Book, LoggedFill, PaperState, Trade, WorkingOrder, key_of

Wanted = Callable[[LoggedFill], bool]


class Retracing:
    """One instrument's book and what the log says of its fills."""

    def __init__(self, token: int, book: Book, state: PaperState, outbox: Outbox, instruments: InstrumentTable) -> None:
        """Work on `book` and tell of it in `outbox`."""
        self._token = token
        self._book = book
        self._state = state
        self._outbox = outbox
        self._instrument: Instrument | None = instruments.get(token)

    @property
    def waiting(self) -> list[LoggedFill]:
        """Fills on the log that the book has not seen, in the log's order."""
        return self._state.logged.fills.get(self._token, [])

    def holds(self, working: WorkingOrder, moment: datetime) -> bool:
        """Whether an order may not trade anything new at a tick of `moment`."""
        ahead = self._state.ahead.get(self._token)
        if ahead is not None and moment <= ahead:
            return True
        return bool(self.waiting) and (
            self._next(lambda _: True) is not None or any(fill.key == key_of(working.order) for fill in self.waiting)
        )

    def advance(self, now: datetime, calendar: SessionCalendar) -> bool:
        """Pass every session boundary up to `now`; False where the log has fills before one that must wait.

        Raises:
            HorizonError: the session table ends before the session in which legs must be placed again.
        """
        book = self._book
        legs = Legs(self._token, book, self._outbox)
        while book.due is not None and book.due <= now:
            due = book.due
            if self.waiting:
                self.catch_up(lambda fill: fill.execution.moment < due, calendar)  # noqa: B023 - called before the next turn
                if any(fill.execution.moment < due for fill in self.waiting):
                    return False
                if book.due != due:
                    continue
            legs.pass_boundary(due, calendar)
        return True

    def meet(self, event: Event[Tick]) -> dict[str, int]:
        """Book what the tick has filled according to the log, and what is before it; units by order at this tick."""
        filled: dict[str, int] = {}
        moment = event.event_time
        while fill := self._next(lambda each: each.execution.tick_id == event.id or each.execution.moment < moment):
            self._book_one(fill)
            if fill.execution.tick_id == event.id:
                filled[fill.order_id] = filled.get(fill.order_id, 0) + fill.execution.quantity
        self._book.settle()
        return filled

    def before_exit(self, order: Order, calendar: SessionCalendar) -> None:
        """An exit ends the entry of its trade: what had filled of that, and all before it, comes first."""
        trade = self._book.trade(order)
        entry = None if trade is None else self._book.leg(trade, Leg.ENTRY)
        if entry is None:
            return
        of_entry = entry.order.order_id
        while any(fill.order_id == of_entry for fill in self.waiting):
            if not self._step(lambda fill: fill.key == key_of(order), calendar):
                return

    def before_entry(self, order: Order, calendar: SessionCalendar, *, accepted: bool) -> None:
        """An entry found no trade in its way: what ended the former one comes first."""
        while (trade := self._book.trade(order)) is not None and self._step(
            lambda fill: fill.key == key_of(order), calendar
        ):
            pass
        if trade is not None and accepted:
            self._end_unfilled(trade)

    def catch_up(self, wanted: Wanted, calendar: SessionCalendar) -> None:
        """Book fills of the log ahead of their ticks, as far as their orders are known."""
        while self._step(wanted, calendar):
            pass

    def _step(self, wanted: Wanted, calendar: SessionCalendar) -> bool:
        """Book one fill ahead of its tick; earlier ticks that come again then trade nothing new in this book."""
        fill = self._next(wanted)
        if fill is None:
            return False
        moment = fill.execution.moment
        self._state.ahead[self._token] = max(self._state.ahead.get(self._token, moment), moment)
        due = self._book.due
        if due is not None and due <= moment:
            self.advance(moment, calendar)
            return self._book.due != due
        before = self._book.orders
        self._book_one(fill)
        for working in self._book.orders:
            if working.effective is None and working not in before:
                working.effective = moment
        self._book.settle()
        return True

    def _next(self, wanted: Wanted) -> LoggedFill | None:
        """The first wanted fill of an order at work, with none before it of its strategy that has to wait."""
        blocked = set()
        working = {each.order.order_id for each in self._book.orders}
        for fill in self.waiting:
            if fill.key in blocked:
                continue
            if fill.order_id in working and wanted(fill):
                return fill
            blocked.add(fill.key)
        return None

    def _book_one(self, fill: LoggedFill) -> None:
        self._keep([each for each in self.waiting if each is not fill])
        working = next(each for each in self._book.orders if each.order.order_id == fill.order_id)
        trade = self._book.trade(working.order)
        if trade is not None and self._instrument is not None:
            working.triggered = True
            Fills(self._book, self._instrument, self._outbox).add(working, trade, fill.execution)

    def _keep(self, fills: list[LoggedFill]) -> None:
        if fills:
            self._state.logged.fills[self._token] = fills
        else:
            self._state.logged.fills.pop(self._token, None)

    def _end_unfilled(self, trade: Trade) -> None:
        """The log says that an entry was cancelled: without a fill nothing is left of its trade."""
        entry = self._book.leg(trade, Leg.ENTRY)
        if entry is None or trade.open or entry.order.order_id not in self._outbox.logged.cancelled:
            return
        cause = Cause(moment=entry.closes_at, event_id=None, name=f"close {entry.closes_at.isoformat()}")
        Legs(self._token, self._book, self._outbox).cancel(entry, "session_closed", "as the log says", cause)
        self._book.settle()
