"""Looks at the exchange's books: each second, at each new login, and line by line each minute.

In between it asks for the trades of single orders, where the ticker tells that they filled: to read a whole day's
book after each update would keep the processor from what is to be sent.

What was sent and not answered is found here by its tag, or parked after it was looked for long enough. Until
the books were read and every order's outcome is known or parked, no entry goes.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from alpha_panda.domain.calendar import trading_date
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.runtime.order_settings import ExchangeOrderSettings
from alpha_panda.zerodha_trading.errors import MalformedReplyError, SessionDownError, UnreachableError
from alpha_panda.zerodha_trading.gateway import Gateway
from alpha_panda.zerodha_trading.hearing import Hearing
from alpha_panda.zerodha_trading.ledger import Ledger
from alpha_panda.zerodha_trading.order_request import slices
from alpha_panda.zerodha_trading.reconciliation import Difference, TheirBooks, compare
from alpha_panda.zerodha_trading.reports import (
    OrderReport,
    Reader,
    TradeReport,
    holdings,
    order_report,
    positions,
    trade_report,
)
from alpha_panda.zerodha_trading.standing import Locks
from alpha_panda.zerodha_trading.state import State

_MOST_ASKED: Final = 2
"""Orders that are asked for one by one; where more have filled at once, the books are less to ask for."""
_REST: Final = 4
"""Times as long as a look took, at least, until the next: no more than a fifth of all time goes into looking."""


class Watcher:
    """The eyes of one account."""

    def __init__(
        self, ledger: Ledger, locks: Locks, instruments: InstrumentTable, settings: ExchangeOrderSettings
    ) -> None:
        """Nothing was seen."""
        self.gateway: Gateway | None = None
        self.differences: tuple[Difference, ...] = ()
        self.findings: tuple[str, ...] = ()
        self.reconciled_at: datetime | None = None
        self._ledger, self._locks, self._instruments, self._settings = ledger, locks, instruments, settings
        self._orders, self._trades = Reader(order_report, "order_id"), Reader(trade_report, "trade_id")
        self._suspected: frozenset[Difference] = frozenset()
        self._due = 0.0
        self._next = 0.0
        self._filled: set[str] = set()
        self._woken = asyncio.Event()
        self._log = structlog.get_logger()

    def begin(self, gateway: Gateway) -> None:
        """Look through another login: everything is to be found out anew."""
        self.gateway = gateway
        self._locks.session, self._locks.books = "", "the exchange's books were not read yet"
        self._due = 0.0
        self.look()

    def look(self) -> None:
        """Look at the books at once: something happened of which they alone tell."""
        self._next = 0.0
        self._woken.set()

    def heard(self, filled: Iterable[str]) -> None:
        """Orders were told of, and of these (ids of the exchange) the trades are missing."""
        self._filled.update(filled)
        self._woken.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until told to stop."""
        pause = self._settings.nudge_seconds
        while not stopping.is_set():
            self._woken.clear()
            filled, self._filled = self._filled, set()
            begun = time.monotonic()
            if begun < self._next and len(filled) <= _MOST_ASKED:
                await self._try(self._fetch, filled)
            else:
                self._next = math.inf  # unless somebody asks for another look meanwhile
                await self._try(self._look)
                took = time.monotonic() - begun
                self._next = min(self._next, begun + took + max(self._settings.poll_seconds, _REST * took))
            try:
                await asyncio.wait_for(self._woken.wait(), max(self._next - time.monotonic(), pause))
                await asyncio.sleep(pause)
            except TimeoutError:
                continue

    async def _try(self, ask: Callable[..., Coroutine[Any, Any, None]], *what: object) -> None:
        gateway = self.gateway
        if gateway is None or self._locks.session:
            return
        try:
            await ask(gateway, *what)
        except SessionDownError as error:
            if gateway is self.gateway:
                self._locks.session = f"{error}; log in: panda zerodha login"
            self._log.error("no session at Zerodha", reason=str(error), remedy=error.remedy)
        except UnreachableError as error:
            self._log.warning("the exchange's books could not be read", reason=str(error))
        except MalformedReplyError as error:
            self._log.warning("the exchange's books make no sense", reason=str(error))

    async def _look(self, gateway: Gateway) -> None:
        asked_at = datetime.now(UTC)
        books = await self._read(gateway)
        await self._park(asked_at)
        if time.monotonic() >= self._due:
            await self._reconcile(gateway, *books)

    async def _fetch(self, gateway: Gateway, filled: set[str]) -> None:
        """Trades of single orders, where any are told of; those that are not there yet the next look misses, too."""
        rows = [row for name in filled for row in await gateway.order_trades(name)]
        said: list[str] = []
        trades = Reader(trade_report, "trade_id").understood(rows, said)
        if trades:
            said += await self._ledger.step(lambda desk: desk.hear(Hearing.Heard(trades=trades)))
        self._lock_unknown()
        for each in said:
            self._log.warning("the exchange says what cannot be taken in", what=each)

    async def _read(self, gateway: Gateway) -> tuple[list[OrderReport], list[TradeReport]]:
        """Orders, then trades where any is missing: a trade is never before its order."""
        said: list[str] = []
        orders = self._orders.understood(await gateway.orders(), said)
        said += await self._ledger.step(lambda desk: desk.hear(Hearing.Heard(orders=orders)))
        trades: list[TradeReport] = []
        if time.monotonic() >= self._due or self._misses_trades():
            trades = self._trades.understood(await gateway.trades(), said)
            said += await self._ledger.step(lambda desk: desk.hear(Hearing.Heard(trades=trades)))
        self._say(tuple(dict.fromkeys(said)))
        await self._expire({each.part.broker_order_id for each in orders})
        self._check_twice()
        return orders, trades

    def _misses_trades(self) -> bool:
        return any(each.misses_trades for each in self._ledger.desk.book.orders.values())

    async def _park(self, asked_at: datetime) -> None:
        """Give up looking for what was looked for long enough, by a book that was read after that."""
        patience, book = timedelta(seconds=self._settings.absent_seconds), self._ledger.desk.book
        for record in book.unfinished():
            since = record.unknown_at
            if record.state is State.UNKNOWN and since is not None and asked_at - since > patience:
                self._log.error("an order is not to be found", tag=record.tag, seconds=patience.total_seconds())
                await self._ledger.step(lambda desk, name=record.order.order_id: desk.absent(name))  # type: ignore[misc]
        self._lock_unknown()

    def _lock_unknown(self) -> None:
        lost = [each.tag for each in self._ledger.desk.book.unfinished() if each.state is State.UNKNOWN]
        self._locks.unknown = f"the outcome of orders is not known: {', '.join(lost)}" if lost else ""

    async def _expire(self, there: set[str]) -> None:
        """Orders of a day that is over are in no book any more."""
        now = self._ledger.desk.now
        for record in self._ledger.desk.book.unfinished():
            over = now is not None and trading_date(record.closes_at) < trading_date(now)
            if over and record.state in (State.ACKED, State.UNKNOWN_ABSENT) and not there.intersection(record.parts):
                await self._ledger.step(lambda desk, each=record: desk.expire(each))  # type: ignore[misc]

    def _check_twice(self) -> None:
        """One tag on more orders than it was sliced into: somebody sends twice, so nobody enters any more."""
        for record in self._ledger.desk.book.orders.values():
            instrument = self._instruments.get(record.order.instrument_token)
            most = 1 if instrument is None else slices(record.order, instrument)
            if len(record.parts) > most and not self._locks.tripped:
                self._locks.tripped = f"{len(record.parts)} orders at the exchange carry tag {record.tag}"
                self._log.critical("an order stands twice at the exchange", tag=record.tag, orders=list(record.parts))

    async def _reconcile(self, gateway: Gateway, orders: list[OrderReport], trades: list[TradeReport]) -> None:
        """Compare the books; a difference counts when it is seen twice."""
        theirs = TheirBooks(
            orders=orders,
            trades=trades,
            positions=positions(await gateway.positions()),
            holdings=holdings(await gateway.holdings()),
        )
        told = max((each.part.at for each in orders if each.part.at is not None), default=datetime.now(UTC))
        day = trading_date(self._ledger.desk.now or told)
        found = compare(self._ledger.desk.book, theirs, self._instruments, day)
        believed = tuple(each for each in found if each in self._suspected)
        if found and frozenset(found) != self._suspected:
            self._suspected = frozenset(found)
            return
        self._suspected = frozenset(found)
        self._due = time.monotonic() + self._settings.reconcile_seconds
        self.reconciled_at = datetime.now(UTC)
        if believed != self.differences:
            self._log.warning("reconciled", differences=len(believed), first=str(believed[:1]))
        self.differences = believed
        says = f"{len(believed)} unexplained differences to the exchange's books: panda zerodha reconcile"
        self._locks.books = says if believed else ""
        await self._archive(theirs)

    async def _archive(self, theirs: TheirBooks) -> None:
        """The exchange forgets its book overnight."""
        now = self._ledger.desk.now or datetime.now(UTC)
        store = self._ledger.store
        await store.archive(now, "orders", list(theirs.orders))
        await store.archive(now, "trades", list(theirs.trades))
        await store.archive(now, "positions", list(theirs.positions))

    def _say(self, said: tuple[str, ...]) -> None:
        for each in said:
            if each not in self.findings:
                self._log.warning("the exchange says what cannot be taken in", what=each)
        self.findings = said[:50]
