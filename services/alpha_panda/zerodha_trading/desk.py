"""The core of Zerodha trading: signals, replies and reports in; records to write and events to publish out. Pure.

In: validated signals, what was answered to requests, what the exchange reports, the passing of market time.
Out: `Changes`, which are written to PostgreSQL in one piece before anything is done about them. What is to be
sent, changed or cancelled is the `agenda`'s to say and follows from the records alone, so a restart goes on from
what is written, whatever moment it was ended at.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.domain.calendar import HorizonError, SessionCalendar
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.intraday import flatten_at
from alpha_panda.domain.market_rules import RuleUnknownError
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.domain.wanted_orders import order_of
from alpha_panda.events.envelope import Event
from alpha_panda.events.orders import EXTERNAL, Leg, Order
from alpha_panda.events.signals import Product, SignalValidated
from alpha_panda.zerodha_trading.admission import Door, refuse, refused, wish
from alpha_panda.zerodha_trading.announcements import Announcements, Changes, closed
from alpha_panda.zerodha_trading.book import Book
from alpha_panda.zerodha_trading.hearing import Hearing
from alpha_panda.zerodha_trading.legs import Legs
from alpha_panda.zerodha_trading.lifecycle import move
from alpha_panda.zerodha_trading.replies import Outcome, Verdict
from alpha_panda.zerodha_trading.state import Closing, ExchangeOrder, State, Trade
from alpha_panda.zerodha_trading.tags import tag_of
from alpha_panda.zerodha_trading.terms import ZerodhaTerms, unknown_broker


class Desk:
    """The orders of one account."""

    def __init__(
        self, broker: str, account: str, instruments: InstrumentTable, calendar: SessionCalendar, book: Book
    ) -> None:
        """Go on from what is written."""
        self.book = book
        self.terms: ZerodhaTerms | Refusal = unknown_broker(broker)
        self.now: datetime | None = None
        """Market time; None before anything was heard of it."""
        self._broker, self._account = broker, account
        self._instruments, self._calendar = instruments, calendar
        self._news = Announcements(broker)
        self._changed: dict[str, ExchangeOrder] = {}
        self._moved: dict[str, Trade] = {}
        self._dropped: dict[str, None] = {}
        self.legs = Legs(book, self._want, self._give_up, self._forget)
        self._hearing = Hearing(broker, instruments, calendar, book, self._news)

    def take(self) -> Changes:
        """Everything since the last call, as copies."""
        changes = Changes(
            orders=tuple(map(closed, self._changed.values())),
            trades=tuple(msgspec.structs.replace(each) for each in self._moved.values()),
            dropped=tuple(self._dropped),
            events=tuple(self._news.take()),
        )
        self._changed, self._moved, self._dropped = {}, {}, {}
        return changes

    def signal(
        self, event: Event[SignalValidated], now: datetime, closed_by: Refusal | None, late: Refusal | None
    ) -> bool:
        """Want the order of a validated signal, or say why not; False where it was wanted before."""
        order = order_of(event)
        if order.order_id in self.book.orders:
            return False
        self.pass_time(event.event_time)
        door = Door(
            terms=self.terms,
            calendar=self._calendar,
            instrument=self._instruments.get(order.instrument_token),
            book=self.book,
            closed=closed_by,
            late=late,
        )
        tag = tag_of(self._broker, self._account, order)
        found = refuse(event, order, door) or wish(event, order, tag, door, now)
        if isinstance(found, Refusal):
            self._keep(refused(event, order, tag, now))
            self.deny(order.order_id, found)
            return True
        self._keep(found)
        if order.leg is Leg.ENTRY:
            self._begin(event, order)
        else:
            self._end(order, event.event_time)
        return True

    def claim(self, order_id: str, fence: int, now: datetime, algo_id: str = "") -> None:
        """From here on the order may be sent once, by the owner under `fence`, as the algorithm of this id."""
        record = self.book.orders[order_id]
        move(record, State.SENDING)
        record.fence, record.claimed_at = fence, now
        record.algo_id = algo_id
        self._changed[order_id] = record

    def deny(self, order_id: str, refusal: Refusal) -> None:
        """An order that no byte was written of ends here."""
        record = self.book.orders[order_id]
        move(record, State.DENIED)
        record.code, record.reason = refusal.code, refusal.message
        self._changed[order_id] = record
        self._news.failed(record, refusal.code, refusal.message)
        self._after(record)

    def answered(self, order_id: str, verdict: Verdict, now: datetime) -> None:
        """The request for an order has come to this; what the exchange has said of it meanwhile stands."""
        record = self.book.orders[order_id]
        if record.state is not State.SENDING:
            return
        self._news.submitted(record)
        match verdict.outcome:
            case Outcome.ACKED:
                self._hearing.accepted(record, verdict.broker_order_ids)
            case Outcome.UNKNOWN:
                self.lose(record, verdict.reason, now)
            case _:
                move(record, State.NOT_SENT if verdict.outcome is Outcome.NOT_SENT else State.REJECTED)
                record.code, record.reason = verdict.code, verdict.reason
                self._news.failed(record, verdict.code, verdict.reason)
        self._changed[order_id] = record
        self._after(record)

    def lose(self, record: ExchangeOrder, reason: str, now: datetime) -> None:
        """Nobody knows what became of the order."""
        move(record, State.UNKNOWN)
        record.reason, record.unknown_at = reason, now
        self._changed[record.order.order_id] = record
        self._news.unknown(record)

    def recover(self, now: datetime) -> None:
        """After a restart: what was claimed may have been sent, and only the exchange knows."""
        for record in self.book.unfinished():
            if record.state is State.SENDING:
                self._news.submitted(record)
                self.lose(record, "the program ended between claim and reply", now)

    def absent(self, order_id: str) -> None:
        """The order was looked for long enough: parked, still reserved, never sent again."""
        record = self.book.orders[order_id]
        if record.state is not State.UNKNOWN:
            return
        move(record, State.UNKNOWN_ABSENT)
        self._changed[order_id] = record
        self._news.unknown(record, given_up=True)
        self._after(record)

    def hear(self, reports: Hearing.Heard) -> list[str]:
        """What the exchange reports of orders and trades; what of it cannot be ours or explained, in sentences."""
        touched, findings = self._hearing.take(reports)
        for record, units in touched:
            self._changed[record.order.order_id] = record
            trade = self.book.trade_of(record)
            if trade is not None and units:
                trade.open += units if record.order.side is trade.side else -units
                self._moved[trade.signal_id] = trade
        for record in {each.order.order_id: each for each, _ in touched}.values():
            self._after(record)  # only now: an end is heard together with the trades that it counts
        return findings

    def modified(self, order_id: str, quantity: int | None) -> None:
        """The exchange took another quantity of an order; None: it refused."""
        record = self.book.orders[order_id]
        record.modifications += 1
        record.quantity_asked = None
        if quantity is not None and not record.over:
            record.order = msgspec.structs.replace(record.order, quantity=quantity)
            self._news.modified(record, f"the open quantity is {quantity - record.filled}")
        self._changed[order_id] = record
        self._after(record)

    def expire(self, record: ExchangeOrder) -> None:
        """The exchange's day is over, and with it an order that its book no longer has."""
        move(record, State.EXPIRED)
        self._changed[record.order.order_id] = record
        self._news.cancelled(record, "session_closed", "the session closed", record.closes_at)
        self._after(record)

    def pass_time(self, now: datetime) -> None:
        """Market time has come to `now`: intraday positions are closed in time, day orders placed again."""
        before = self.now
        if before is not None and now <= before:
            return
        self.now = now
        if before is not None and before.replace(microsecond=0) == now.replace(microsecond=0):
            return  # whatever is due is due at a whole second, and ticks come by the hundred
        for record in self.book.unfinished():
            if record.state is State.WAITING and now >= record.closes_at:
                self._give_up(record, "session_closed")
        for trade in list(self.book.trades.values()):
            if trade.flatten is not None and now >= trade.flatten and trade.closing is None:
                self._end_by(trade, Closing(leg=Leg.FLATTEN, code="intraday_flatten", event_time=now))
            self._pursue(trade)

    def _begin(self, event: Event[SignalValidated], order: Order) -> None:
        signal = event.data.signal
        trade = Trade(
            signal_id=order.signal_id,
            strategy=order.strategy,
            instrument_token=order.instrument_token,
            product=order.product,
            side=order.side,
            correlation_id=event.correlation_id,
            stop_loss_paise=signal.stop_loss_paise,
            target_paise=signal.target_paise,
            flatten=self._flatten(order, event.event_time),
        )
        self.book.trades[trade.signal_id] = trade
        self._moved[trade.signal_id] = trade

    def _end(self, order: Order, at: datetime) -> None:
        trade = self.book.holding(order.strategy, order.instrument_token, order.product)
        if trade is not None:
            self._end_by(trade, Closing(leg=Leg.EXIT, code="exit_requested", event_time=at))
            self._pursue(trade)

    def _end_by(self, trade: Trade, closing: Closing) -> None:
        trade.closing = closing
        self._moved[trade.signal_id] = trade

    def _flatten(self, order: Order, at: datetime) -> datetime | None:
        instrument, session = self._instruments.get(order.instrument_token), self._calendar.session_at(at)
        if instrument is None or session is None or order.product is not Product.MIS:
            return None
        try:
            return flatten_at(session, instrument)
        except RuleUnknownError:
            return None  # a day that no rule is known of: the position ends as its strategy says

    def _keep(self, record: ExchangeOrder) -> None:
        self.book.keep(record)
        self._changed[record.order.order_id] = record

    def _want(self, trade: Trade, order: Order, now: datetime) -> None:
        parent = self.book.of_signal(trade.signal_id, Leg.ENTRY)[0]
        session = self._calendar.session_at(now)
        record = ExchangeOrder(
            order=order,
            trade=trade.signal_id,
            tag=tag_of(self._broker, self._account, order),
            correlation_id=trade.correlation_id,
            causation_id=parent.causation_id,
            event_time=now,
            received_at=now,
            charges_day=parent.charges_day,
            closes_at=parent.closes_at if session is None else session.close,
        )
        self._keep(record)
        self._moved[trade.signal_id] = trade

    def _give_up(self, record: ExchangeOrder, code: str) -> None:
        """End an order: at once where it was not sent, else by asking the exchange."""
        if record.state is State.WAITING:
            says = f"it was not sent: {code}"
            self.deny(record.order.order_id, Refusal(code=code, value="", limit="", message=says))
        elif not record.cancel:
            record.cancel = code
            self._changed[record.order.order_id] = record

    def _forget(self, trade: Trade) -> None:
        if self.book.trades.pop(trade.signal_id, None) is not None:
            self._dropped[trade.signal_id] = None
            self._moved.pop(trade.signal_id, None)

    def _after(self, record: ExchangeOrder) -> None:
        trade = self.book.trade_of(record)
        if trade is None or record.order.strategy == EXTERNAL:
            return
        if record.order.leg in (Leg.EXIT, Leg.FLATTEN) and record.over and record.state is not State.FILLED:
            trade.attempts += 1
            self._moved[trade.signal_id] = trade
        self._pursue(trade)

    def _pursue(self, trade: Trade) -> None:
        now = self.now
        if now is None:
            return
        try:
            is_open = self._calendar.session_at(now) is not None
        except HorizonError:
            is_open = False
        self.legs.pursue(trade, now, is_open=is_open)
