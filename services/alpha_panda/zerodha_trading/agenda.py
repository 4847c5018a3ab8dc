"""What is to be asked of the exchange now, by the records alone: orders to send, change and cancel. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from alpha_panda.events.orders import Leg
from alpha_panda.zerodha_trading.book import Book
from alpha_panda.zerodha_trading.legs import Legs
from alpha_panda.zerodha_trading.lifecycle import is_end
from alpha_panda.zerodha_trading.rates import MODIFICATIONS
from alpha_panda.zerodha_trading.state import ExchangeOrder, State

_FIRST: Final = {Leg.EXIT: 0, Leg.FLATTEN: 0, Leg.STOP: 1, Leg.TARGET: 2, Leg.ENTRY: 3}
"""What goes first where not everything may."""


def to_send(book: Book, legs: Legs) -> list[ExchangeOrder]:
    """Orders that wait and may go, exits first, then protection, then entries as they came."""
    waiting = [each for each in book.unfinished() if each.state is State.WAITING and legs.may_go(each)]
    return sorted(waiting, key=lambda each: (_FIRST[each.order.leg], each.received_at))


def to_cancel(book: Book) -> list[tuple[ExchangeOrder, str]]:
    """Orders at the exchange that are to be ended, by its own name of each."""
    wanted = [each for each in book.unfinished() if each.cancel and each.state is State.ACKED]
    return [(each, part) for each in wanted for part in _open_parts(each)]


def to_modify(book: Book) -> list[tuple[ExchangeOrder, str, int]]:
    """Protective orders whose quantity no longer fits the position, and what it should be."""
    found = []
    for trade in book.trades.values():
        for record in book.alive(trade) if trade.closing is None and trade.open > 0 else ():
            parts, wanted = list(_open_parts(record)), record.filled + trade.open
            fits = record.order.leg not in (Leg.STOP, Leg.TARGET) or record.order.quantity == wanted
            if fits or record.cancel or record.state is not State.ACKED or len(parts) != 1:
                continue
            if record.modifications < MODIFICATIONS:
                found.append((record, parts[0], wanted))
    return found


def _open_parts(record: ExchangeOrder) -> Iterator[str]:
    return (name for name, part in record.parts.items() if not is_end(part))
