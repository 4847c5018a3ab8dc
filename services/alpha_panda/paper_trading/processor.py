"""The core of paper trading: a Broker's validated signals and the market's ticks in, order events out.

In: `signals.validated` of the Broker, `market.ticks`, `control.brokers`, `control.trading`; live also what
the switch in Redis says. Out: the Broker's order events, to the risk manager, the portfolio and history.
A halt refuses entries that were validated before it and are not submitted yet, and nothing else.

An order first meets the first tick that is strictly later than its signal's event time plus the latency;
stop and target meet every tick after the one that filled the entry. Nothing trades before the Broker's
resource was seen, and nothing after it was deleted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.kill_switch import SwitchReading, Target, note, refuse_entry
from alpha_panda.domain.matching import PaperTerms
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.domain.processor import AnyEvent, Processor
from alpha_panda.domain.wanted_orders import order_of
from alpha_panda.events.control import BrokerConfigured, TradingHalted, TradingResumed
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import Leg, Order
from alpha_panda.events.signals import SignalValidated
from alpha_panda.events.topics import Topic
from alpha_panda.paper_trading.acceptance import Door, admit, flatten_time, new_trade
from alpha_panda.paper_trading.legs import Legs
from alpha_panda.paper_trading.market import TickMatch
from alpha_panda.paper_trading.outbox import Cause, Outbox
from alpha_panda.paper_trading.state import Book, PaperState, WorkingOrder
from alpha_panda.paper_trading.terms import read_terms, unknown_broker


class PaperTradingProcessor(Processor):
    """The paper market of one Broker, over all instruments."""

    def __init__(self, broker_name: str, instruments: InstrumentTable, calendar: SessionCalendar) -> None:
        """Start with nothing: no resource seen, no order working."""
        self._broker = broker_name
        self._instruments = instruments
        self._calendar = calendar
        self._duplicates = 0
        self._stale_ticks = 0
        self._take_over(PaperState())

    @property
    def state(self) -> PaperState:
        """What is remembered, for diagnostics and tests."""
        return self._state

    def on_event(self, event: AnyEvent, topic: Topic) -> Iterable[AnyEvent]:
        """Match a tick, accept a signal, or take new terms; facts of other Brokers are not for this one."""
        _ = topic
        data = event.data
        if isinstance(data, Tick):
            return () if data.filled_in is True else self._on_tick(event)
        if isinstance(data, SignalValidated):
            return self._on_signal(event)
        if isinstance(data, BrokerConfigured) and data.name == self._broker:
            return self._on_broker(event)
        if isinstance(data, TradingHalted | TradingResumed):
            note(self._state.halts, data)
        return ()

    @property
    def due(self) -> datetime | None:
        """When time alone does something to a book next; None where nothing works."""
        return min((book.due for book in self._state.books.values() if book.due is not None), default=None)

    def on_watermark(self, watermark: datetime) -> Iterable[AnyEvent]:
        """Cancel what a closed session ends, and place again what the next one carries on.

        While the switch is unreadable, entries wait uncommitted, and a restart would bring back with them
        whatever was accepted since: so no signal is forgotten in the meantime.
        """
        state = self._state
        if state.watermark is not None and watermark <= state.watermark:
            return ()
        state.watermark = watermark
        if state.switch.unreadable is None:
            state.seen.forget(watermark)
        for token in sorted(token for token, book in state.books.items() if _is_due(book, watermark)):
            book = state.books[token]
            self._advance(token, book, watermark)
            self._drop_if_empty(token, book)
        return self._outbox.take()

    def heed(self, fact: msgspec.Struct) -> None:
        """Take in what the switch in Redis says now."""
        if isinstance(fact, SwitchReading):
            self._state.switch = fact

    def diagnostics(self) -> dict[str, int]:
        """Signals and ticks that were not news since the start, and what is at work now."""
        books = self._state.books.values()
        return {
            "duplicate_signals": self._duplicates,
            "halts": len(self._state.halts),
            "switch_halts": len(self._state.switch.halts),
            "stale_ticks": self._stale_ticks,
            "working_orders": sum(len(book.orders) for book in books),
            "open_trades": sum(1 for book in books for trade in book.trades if trade.open),
        }

    def snapshot(self) -> bytes:
        """The state as JSON."""
        return msgspec.json.encode(self._state)

    def restore(self, state: bytes) -> None:
        """Continue from a snapshot."""
        self._take_over(msgspec.json.decode(state, type=PaperState))

    def _take_over(self, state: PaperState) -> None:
        self._state = state
        self._outbox = Outbox(self._broker)
        self._terms: PaperTerms | Refusal = unknown_broker(self._broker)
        if state.configured:
            self._terms = read_terms(self._broker, state.spec)

    def _on_tick(self, event: Event[Tick]) -> Iterable[AnyEvent]:
        state = self._state
        token = event.data.instrument_token
        moment = (event.event_time, event.sequence)
        last = state.last.get(token)
        if last is not None and moment <= last:
            self._stale_ticks += 1
            return ()
        state.last[token] = moment
        book = state.books.get(token)
        if book is None:
            return ()
        self._advance(token, book, event.event_time)
        instrument = self._instruments.get(token)
        terms = self._terms
        if instrument is not None and isinstance(terms, PaperTerms) and book.concerned(event.data.price_paise):
            TickMatch(event, book, instrument, terms, self._outbox).run()
        self._drop_if_empty(token, book)
        return self._outbox.take()

    def _on_signal(self, event: Event[SignalValidated]) -> Iterable[AnyEvent]:
        state = self._state
        order = order_of(event)
        token = order.instrument_token
        book = state.books.get(token) or Book()
        if order.signal_id in state.seen or _knows(book, order):
            self._duplicates += 1
            return ()
        state.seen.add(order.signal_id, event.data.signal.expires_at)
        legs = Legs(token, book, self._outbox)
        self._advance(token, book, event.event_time)
        cause = Cause(moment=event.event_time, event_id=event.id, name=order.signal_id)
        door = Door(
            terms=self._terms,
            calendar=self._calendar,
            instrument=self._instruments.get(token),
            book=book,
            watermark=state.watermark,
            halted=self._halted(order),
        )
        working = admit(event, order, door)
        if isinstance(working, Refusal):
            self._outbox.failed(order, event.correlation_id, working, cause)
        else:
            self._take(event, working, book, legs, cause)
        state.books[token] = book
        self._drop_if_empty(token, book)
        return self._outbox.take()

    def _advance(self, token: int, book: Book, now: datetime) -> None:
        """Pass every session boundary up to `now`.

        Raises:
            HorizonError: the session table ends before the session in which legs must be placed again.
        """
        while book.due is not None and book.due <= now:
            Legs(token, book, self._outbox).pass_boundary(book.due, self._calendar)

    def _halted(self, order: Order) -> Refusal | None:
        instrument = self._instruments.get(order.instrument_token)
        target = Target(
            broker=self._broker, strategy=order.strategy, instrument="" if instrument is None else instrument.name
        )
        halted = isinstance(self._terms, PaperTerms) and self._terms.halted
        return refuse_entry(target, broker_halted=halted, halts=self._state.halts, switch=self._state.switch)

    def _take(self, event: Event[SignalValidated], working: WorkingOrder, book: Book, legs: Legs, cause: Cause) -> None:
        order = working.order
        if order.leg is Leg.ENTRY and isinstance(self._terms, PaperTerms):
            flatten = flatten_time(event, self._instruments.get(order.instrument_token), self._calendar)
            book.trades.append(new_trade(event, self._terms, flatten))
        if order.leg is Leg.EXIT:
            _give_up_entry(book, order, legs, cause)
        book.orders.append(working)
        self._outbox.submitted(working, cause)
        book.settle()

    def _on_broker(self, event: Event[BrokerConfigured]) -> Iterable[AnyEvent]:
        state = self._state
        state.spec, state.configured = event.data.spec, True
        self._terms = read_terms(self._broker, state.spec)
        if event.data.spec is not None:
            return ()
        for token in sorted(state.books):
            book = state.books.pop(token)
            last = state.last.get(token)
            cause = Cause(moment=event.event_time if last is None else last[0], event_id=event.id, name=event.id)
            for working in book.orders:
                self._outbox.cancelled(working, "broker_deleted", "the Broker was deleted", cause)
        return self._outbox.take()

    def _drop_if_empty(self, token: int, book: Book) -> None:
        if not book.orders and not book.trades:
            del self._state.books[token]


def _give_up_entry(book: Book, order: Order, legs: Legs, cause: Cause) -> None:
    """An exit ends its trade: what is left of the entry would only open it again."""
    trade = book.trade(order)
    entry = None if trade is None else book.leg(trade, Leg.ENTRY)
    if entry is not None:
        legs.cancel(entry, "exit_requested", "the strategy asked to exit", cause)


def _is_due(book: Book, now: datetime) -> bool:
    return book.due is not None and book.due <= now


def _knows(book: Book, order: Order) -> bool:
    return any(trade.signal_id == order.signal_id for trade in book.trades) or any(
        working.order.signal_id == order.signal_id for working in book.orders
    )
