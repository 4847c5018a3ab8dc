"""A model of a real exchange and of what can go wrong on the way to it, for tests of the pure order desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec
from tests.support.trading import BOLT, INSTRUMENTS, TRADING_DAY, moment

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.orders import Order
from alpha_panda.zerodha_trading.agenda import to_cancel, to_modify, to_send
from alpha_panda.zerodha_trading.book import Book
from alpha_panda.zerodha_trading.desk import Desk
from alpha_panda.zerodha_trading.hearing import Hearing
from alpha_panda.zerodha_trading.replies import Outcome, Verdict
from alpha_panda.zerodha_trading.reports import OrderReport, TradeReport
from alpha_panda.zerodha_trading.state import ExchangeOrder, Part, State, Trade
from alpha_panda.zerodha_trading.terms import ZerodhaTerms

BROKER = "zerodha"
WALL = datetime(2026, 6, 2, 5, 0, tzinfo=UTC)
TERMS = ZerodhaTerms(
    live=True, halted=False, per_second=8, market_protection=2.0, algo_id="", charges_as_of=TRADING_DAY
)
CREDIBLE = frozenset({State.REJECTED, State.NOT_SENT, State.DENIED})


@dataclass
class Resting:
    """An order at the exchange."""

    name: str
    tag: str
    order: Order
    quantity: int
    status: str = "OPEN"
    filled: int = 0
    changed: int = 0

    @property
    def is_open(self) -> bool:
        return self.status == "OPEN"


@dataclass
class ExchangeModel:
    """Takes orders, trades them, cancels them; remembers each report that it could have made."""

    orders: dict[str, Resting] = field(default_factory=dict)
    trades: list[TradeReport] = field(default_factory=list)
    reports: list[OrderReport] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(100))

    def take(self, order: Order, tag: str) -> str:
        name = str(next(self.numbers))
        self.orders[name] = Resting(name, tag, order, order.quantity)
        self._report(self.orders[name])
        return name

    def trade(self, name: str, quantity: int) -> None:
        resting = self.orders[name]
        resting.filled += quantity
        resting.status = "COMPLETE" if resting.filled >= resting.quantity else "OPEN"
        self.trades.append(
            TradeReport(
                trade_id=f"t{next(self.numbers)}",
                broker_order_id=name,
                quantity=quantity,
                price_paise=10_000,
                at=moment("10:30:00"),
            )
        )
        self._report(resting)

    def end(self, name: str, status: str) -> None:
        self.orders[name].status = status
        self._report(self.orders[name])

    def change(self, name: str, quantity: int) -> bool:
        resting = self.orders[name]
        if not resting.is_open or quantity <= resting.filled:
            return False
        resting.quantity = quantity
        self._report(resting)
        return True

    def _report(self, resting: Resting) -> None:
        resting.changed += 1
        self.reports.append(
            OrderReport(
                part=Part(
                    broker_order_id=resting.name,
                    status=resting.status,
                    quantity=resting.quantity,
                    filled=resting.filled,
                    at=moment("10:00:00") + timedelta(seconds=resting.changed),
                ),
                tag=resting.tag,
                exchange="NSE",
                symbol="BOLT",
                instrument_token=BOLT,
                side=resting.order.side,
                product=resting.order.product,
                order_type=resting.order.order_type,
            )
        )


def _written(book: Book) -> bytes:
    return msgspec.json.encode((list(book.orders.values()), list(book.trades.values())))


class Trader:
    """The desk with what is written of it: a crash leaves exactly the rows."""

    def __init__(self, exchange: ExchangeModel) -> None:
        self.exchange = exchange
        self.rows = _written(Book())
        self.events: list[AnyEvent] = []
        self.desk = self._start()

    def _start(self) -> Desk:
        orders, trades = msgspec.json.decode(self.rows, type=tuple[list[ExchangeOrder], list[Trade]])
        desk = Desk(BROKER, BROKER, INSTRUMENTS, default_calendar(), Book(orders, trades))
        desk.terms = TERMS
        desk.pass_time(moment("10:00:00"))
        return desk

    def write(self) -> None:
        self.events += self.desk.take().events
        self.rows = _written(self.desk.book)

    def crash(self) -> None:
        self.desk = self._start()
        self.desk.recover(WALL)
        self.write()

    def send_next(self, fate: str) -> bool:
        waiting = to_send(self.desk.book, self.desk.legs)
        if not waiting:
            return False
        record = waiting[0]
        order_id, tag = record.order.order_id, record.tag
        self.desk.claim(order_id, 1, WALL)
        self.write()
        if fate == "crash_before_post":
            self.crash()
            return True
        self.exchange.posts.append(tag)
        if fate == "rejected":
            self.desk.answered(order_id, Verdict(outcome=Outcome.REJECTED, code="InputException"), WALL)
        elif fate == "lost":
            self.desk.answered(order_id, Verdict(outcome=Outcome.UNKNOWN, reason="no reply"), WALL)
        else:
            name = self.exchange.take(record.order, tag)
            if fate == "accepted_and_crash":
                self.crash()
                return True
            if fate == "accepted_unheard":
                self.desk.answered(order_id, Verdict(outcome=Outcome.UNKNOWN, reason="no reply"), WALL)
            else:
                verdict = Verdict(outcome=Outcome.ACKED, broker_order_ids=(name,))
                self.desk.answered(order_id, verdict, WALL)
        self.write()
        return True

    def do_changes(self) -> None:
        for _, name in to_cancel(self.desk.book):
            if self.exchange.orders[name].is_open:
                self.exchange.end(name, "CANCELLED")
        for record, name, quantity in to_modify(self.desk.book):
            taken = self.exchange.change(name, quantity)
            self.desk.modified(record.order.order_id, quantity if taken else None)
        self.write()

    def hear(self, orders: list[OrderReport], trades: list[TradeReport]) -> None:
        self.desk.hear(Hearing.Heard(orders=orders, trades=trades))
        self.write()

    def hear_everything(self) -> None:
        latest = {each.part.broker_order_id: each for each in self.exchange.reports}
        self.hear(list(latest.values()), list(self.exchange.trades))
