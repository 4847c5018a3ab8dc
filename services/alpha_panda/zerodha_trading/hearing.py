"""What the exchange says, joined with what is known: orders are found, trades booked, strangers taken in. Pure.

Trades alone move positions, each by its own id; what a status says of filled quantities only says that trades are
to be asked for. An order with a tag that is not ours, or with none, is EXTERNAL: it counts as what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from alpha_panda.domain.calendar import HorizonError, SessionCalendar, trading_date
from alpha_panda.domain.charges import NoChargesError, charges_table
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.events.ids import external_order_id
from alpha_panda.events.orders import EXTERNAL, Leg, Order
from alpha_panda.events.signals import OrderType, Product, Side
from alpha_panda.zerodha_trading.announcements import Announcements
from alpha_panda.zerodha_trading.book import Book
from alpha_panda.zerodha_trading.lifecycle import REJECTED, join, move, reason_of, settled
from alpha_panda.zerodha_trading.reports import OrderReport, TradeReport
from alpha_panda.zerodha_trading.state import ExchangeOrder, Part, State

Touched = list[tuple[ExchangeOrder, int]]
"""Orders that something was heard of, and the units that have newly traded of each."""
_UNHEARD = "PUT ORDER REQ RECEIVED"


class Hearing:
    """The ears of one account's desk."""

    class Heard(msgspec.Struct, frozen=True, kw_only=True):
        """Reports that came together; trades may be of orders that stand beside them."""

        orders: Sequence[OrderReport] = ()
        trades: Sequence[TradeReport] = ()

    def __init__(
        self,
        broker: str,
        instruments: InstrumentTable,
        calendar: SessionCalendar,
        book: Book,
        news: Announcements,
    ) -> None:
        """Change `book`, tell of it in `news`."""
        self._broker = broker
        self._instruments = instruments
        self._calendar = calendar
        self._book = book
        self._news = news

    def accepted(self, record: ExchangeOrder, broker_order_ids: Sequence[str]) -> None:
        """The exchange has taken the order under these names."""
        for name in broker_order_ids:
            part = Part(broker_order_id=name, status=_UNHEARD, quantity=0)
            self._book.note(record, join(record.parts.get(name), part))
        self._acknowledge(record)

    def take(self, heard: Heard) -> tuple[Touched, list[str]]:
        """Join what was heard; what of it could not be taken in, in sentences."""
        touched: Touched = []
        findings: list[str] = []
        for report in heard.orders:
            found = self._order(report)
            if isinstance(found, str):
                findings.append(found)
            elif found is not None:
                touched.append((found, 0))
        for trade in heard.trades:
            record = self._book.by_broker_id(trade.broker_order_id)
            if record is not None and trade.trade_id not in record.trade_ids:
                said = self._trade(record, trade)
                if said:
                    findings.append(said)
                else:
                    touched.append((record, trade.quantity))
        for record in {each.order.order_id: each for each, _ in touched}.values():
            self._settle(record)
        return touched, findings

    def _order(self, report: OrderReport) -> ExchangeOrder | str | None:
        name = report.part.broker_order_id
        record = self._book.by_broker_id(name) or (self._book.by_tag(report.tag) if report.tag else None)
        if record is None:
            return self._stranger(report)
        if record.state in (State.WAITING, State.DENIED, State.NOT_SENT):
            return f"order {name} carries tag {report.tag} of an order that is {record.state} here"
        known = record.parts.get(name)
        joined = join(known, report.part)
        adopts = record.state in (State.SENDING, State.UNKNOWN, State.UNKNOWN_ABSENT)
        if joined == known and not adopts:
            return None
        self._book.note(record, joined)
        if record.state is State.SENDING:
            self._news.submitted(record)
        if adopts:
            self._acknowledge(record)
        return record

    def _acknowledge(self, record: ExchangeOrder) -> None:
        move(record, State.ACKED)
        record.unknown_at = None
        self._news.acknowledged(record)

    def _trade(self, record: ExchangeOrder, trade: TradeReport) -> str:
        instrument = self._instruments.get(record.order.instrument_token)
        if instrument is None:
            return f"trade {trade.trade_id} is in an instrument that the table does not have"
        if record.filled + trade.quantity > record.order.quantity:
            over = record.filled + trade.quantity
            return f"trade {trade.trade_id} would fill {over} of the {record.order.quantity} of order {record.tag}"
        self._news.filled(record, trade, instrument)
        return ""

    def _settle(self, record: ExchangeOrder) -> None:
        end = settled(record)
        if end is None or record.state is not State.ACKED:
            return
        record.reason = reason_of(record)
        move(record, end)
        at = max((part.at for part in record.parts.values() if part.at is not None), default=None)
        if end is State.REJECTED:
            self._news.failed(record, "rejected", record.reason or "the exchange rejected it")
        elif end is State.CANCELLED:
            self._news.cancelled(record, self._code(record, at), record.reason or "cancelled at the exchange", at)

    @staticmethod
    def _code(record: ExchangeOrder, at: datetime | None) -> str:
        if record.cancel:
            return record.cancel
        if any(part.status == REJECTED for part in record.parts.values()):
            return "rejected"
        return "session_closed" if at is not None and at >= record.closes_at else "cancelled_at_exchange"

    def _stranger(self, report: OrderReport) -> ExchangeOrder | str | None:
        """An order that is not ours, from now on in the book; a sentence where it cannot be written down."""
        part, instrument = report.part, self._instrument(report)
        at = part.at
        if part.status == REJECTED and not part.filled:
            return None
        if instrument is None or at is None or report.product not in tuple(Product) or part.quantity < 1:
            what = f"{report.exchange}:{report.symbol} {report.product}"
            return f"external order {part.broker_order_id} in {what} cannot be kept: not in the instrument table"
        try:
            session = self._calendar.session_of(trading_date(at))
            day = charges_table().day(trading_date(at), None)
        except (HorizonError, NoChargesError) as error:
            return f"external order {part.broker_order_id} of {at.isoformat()} cannot be kept: {error}"
        identity = external_order_id(at, self._broker, part.broker_order_id)
        record = ExchangeOrder(
            order=Order(
                order_id=identity,
                signal_id=identity,
                strategy=EXTERNAL,
                instrument_token=instrument.token,
                leg=Leg.ENTRY,
                side=Side(report.side),
                quantity=part.quantity,
                product=Product(report.product),
                order_type=OrderType(report.order_type) if report.order_type in tuple(OrderType) else OrderType.MARKET,
            ),
            trade="",
            tag=f"external-{part.broker_order_id}",
            correlation_id=identity,
            event_time=at,
            state=State.ACKED,
            received_at=at,
            parts={part.broker_order_id: part},
            charges_day=day,
            closes_at=at if session is None else session.close,
        )
        self._book.keep(record)
        self._news.submitted(record)
        self._news.acknowledged(record)
        return record

    def _instrument(self, report: OrderReport) -> Instrument | None:
        return self._instruments.get(report.instrument_token) or self._instruments.find(report.exchange, report.symbol)
