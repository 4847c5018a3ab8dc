"""The orders and trades of an account, found by whatever they are asked for. Pure.

An account has thousands of orders on a busy day and each is looked for at every tick, update and look at the
exchange's book, so nothing here goes through all of them to find one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from alpha_panda.events.orders import Leg
from alpha_panda.events.signals import Product
from alpha_panda.zerodha_trading.state import ExchangeOrder, Part, State, Trade


class Book:
    """Everything that is not over, and the orders of the last days."""

    def __init__(self, orders: Iterable[ExchangeOrder] = (), trades: Iterable[Trade] = ()) -> None:
        """Orders as they came."""
        self.orders: dict[str, ExchangeOrder] = {}
        self.trades: dict[str, Trade] = {each.signal_id: each for each in trades}
        self._open: dict[str, ExchangeOrder] = {}
        self._tags: dict[str, ExchangeOrder] = {}
        self._parts: dict[str, ExchangeOrder] = {}
        self._signals: defaultdict[str, list[ExchangeOrder]] = defaultdict(list)
        self._of_trades: defaultdict[str, list[ExchangeOrder]] = defaultdict(list)
        for each in orders:
            self.keep(each)

    def keep(self, record: ExchangeOrder) -> None:
        """Take in another order."""
        name = record.order.order_id
        self.orders[name] = self._open[name] = self._tags[record.tag] = record
        self._parts.update(dict.fromkeys(record.parts, record))
        self._signals[record.order.signal_id].append(record)
        self._of_trades[record.trade].append(record)

    def note(self, record: ExchangeOrder, part: Part) -> None:
        """The exchange knows a part of an order by this name, and this is what it last said of it."""
        record.parts[part.broker_order_id] = part
        self._parts[part.broker_order_id] = record

    def unfinished(self) -> list[ExchangeOrder]:
        """Orders of which something may still come, as they came."""
        for name in [name for name, each in self._open.items() if each.over]:
            del self._open[name]  # what is over stays so
        return list(self._open.values())

    def trade_of(self, record: ExchangeOrder) -> Trade | None:
        """The trade that an order belongs to."""
        return self.trades.get(record.trade)

    def holding(self, strategy: str, token: int, product: Product) -> Trade | None:
        """The trade of a strategy in an instrument."""
        return next((t for t in self.trades.values() if t.key == (strategy, token, product)), None)

    def alive(self, trade: Trade) -> list[ExchangeOrder]:
        """The orders of a trade that are not over."""
        return [each for each in self._of_trades[trade.signal_id] if not each.over]

    def of_signal(self, signal_id: str, leg: Leg) -> Sequence[ExchangeOrder]:
        """Every order of a leg that ever followed from a signal, as they came."""
        return [each for each in self._signals[signal_id] if each.order.leg is leg]

    def by_tag(self, tag: str) -> ExchangeOrder | None:
        """The order that carries a tag."""
        return self._tags.get(tag)

    def by_broker_id(self, broker_order_id: str) -> ExchangeOrder | None:
        """The order that an order of the exchange is a part of."""
        return self._parts.get(broker_order_id)

    def frozen(self, token: int) -> ExchangeOrder | None:
        """The order for which nothing may be entered in an instrument: nobody knows what became of it."""
        lost = (each for each in self.unfinished() if each.state is State.UNKNOWN)
        return next((each for each in lost if each.order.instrument_token == token), None)
