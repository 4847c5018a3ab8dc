"""Our books beside the exchange's: orders, trades, positions, holdings. Pure.

What differs and is not explained stops entries, because what nobody understands is not to grow. A trade that
is on its way explains a difference for a moment, so one is believed only when it is seen twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from alpha_panda.domain.calendar import trading_date
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.events.orders import EXTERNAL
from alpha_panda.events.signals import Product
from alpha_panda.zerodha_trading.book import Book
from alpha_panda.zerodha_trading.lifecycle import is_end
from alpha_panda.zerodha_trading.reports import OrderReport, PositionReport, TradeReport
from alpha_panda.zerodha_trading.state import ExchangeOrder, State


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One line: what, of what, by our books and by the exchange's."""

    kind: str
    """`order`, `trade`, `position`, `holding`."""
    subject: str
    ours: str
    theirs: str


class TheirBooks(msgspec.Struct, frozen=True, kw_only=True):
    """What the exchange says of one day."""

    orders: Sequence[OrderReport]
    trades: Sequence[TradeReport]
    positions: Sequence[PositionReport]
    holdings: Mapping[str, int]


def compare(book: Book, theirs: TheirBooks, instruments: InstrumentTable, day: date) -> tuple[Difference, ...]:
    """Every line that differs, sorted."""
    today = [each for each in book.orders.values() if each.parts and trading_date(each.closes_at) == day]
    found = [
        *_orders(today, theirs.orders),
        *_trades(today, theirs.trades),
        *_positions(today, theirs.positions, instruments),
        *_holdings(book, today, theirs.holdings, instruments),
    ]
    return tuple(sorted(found, key=lambda each: (each.kind, each.subject)))


def external(book: Book) -> int:
    """How many orders on the account are not ours."""
    return sum(1 for each in book.orders.values() if each.order.strategy == EXTERNAL)


def _orders(today: list[ExchangeOrder], theirs: Sequence[OrderReport]) -> list[Difference]:
    known = {name for each in today for name in each.parts}
    there = {each.part.broker_order_id: each for each in theirs}
    missing = [
        Difference(kind="order", subject=name, ours=each.state, theirs="not there")
        for each in today
        if each.state is State.ACKED
        for name in each.parts
        if name not in there
    ]
    strange = [
        Difference(kind="order", subject=name, ours="not there", theirs=each.part.status)
        for name, each in there.items()
        if name not in known and not (is_end(each.part) and not each.part.filled)
    ]
    return missing + strange


def _trades(today: list[ExchangeOrder], theirs: Sequence[TradeReport]) -> list[Difference]:
    booked = {trade for each in today for trade in each.trade_ids}
    there = {each.trade_id for each in theirs}
    return [
        *(Difference(kind="trade", subject=t, ours="booked", theirs="not there") for t in booked - there),
        *(Difference(kind="trade", subject=t, ours="not booked", theirs="there") for t in there - booked),
    ]


def _positions(
    today: list[ExchangeOrder], theirs: Sequence[PositionReport], instruments: InstrumentTable
) -> list[Difference]:
    ours: Counter[tuple[str, str]] = Counter()
    for each in today:
        ours[_name(each.order.instrument_token, instruments), each.order.product] += each.order.side.sign * each.filled
    there = {(f"{each.exchange}:{each.symbol}", each.product): each.today for each in theirs}
    return [
        Difference(kind="position", subject=f"{name} {product}", ours=str(ours[name, product]), theirs=str(quantity))
        for name, product in sorted(set(ours) | set(there))
        for quantity in (there.get((name, product), 0),)
        if ours[name, product] != quantity
    ]


def _holdings(
    book: Book, today: list[ExchangeOrder], theirs: Mapping[str, int], instruments: InstrumentTable
) -> list[Difference]:
    """Shares that we carry must be there; others on the account are their owner's business."""
    fresh = {each.trade for each in today if each.filled}
    carried: Counter[str] = Counter()
    for trade in book.trades.values():
        if trade.product is Product.CNC and trade.signal_id not in fresh:
            carried[_name(trade.instrument_token, instruments)] += trade.open
    return [
        Difference(kind="holding", subject=name, ours=str(units), theirs=str(theirs.get(name, 0)))
        for name, units in sorted(carried.items())
        if units > theirs.get(name, 0)
    ]


def _name(token: int, instruments: InstrumentTable) -> str:
    found = instruments.get(token)
    return str(token) if found is None else found.name
