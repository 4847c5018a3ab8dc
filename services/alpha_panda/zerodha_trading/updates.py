"""What the exchange tells by itself: order updates of the ticker, beside the books that are asked for each second.

An update comes once or never, twice, or out of order, and after an interruption nothing is told again. So it is one
more report to join (`hearing`), and a reason to ask for trades or look at the books (`watcher`); nothing rests on it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import structlog

from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha.lines import Line, Lines
from alpha_panda.zerodha.ticker import TickerLine
from alpha_panda.zerodha_trading.errors import MalformedReplyError
from alpha_panda.zerodha_trading.gateway import Login
from alpha_panda.zerodha_trading.hearing import Hearing
from alpha_panda.zerodha_trading.ledger import Ledger
from alpha_panda.zerodha_trading.meters import Meters
from alpha_panda.zerodha_trading.reports import OrderReport, order_report
from alpha_panda.zerodha_trading.watcher import Watcher

_LOOK_SECONDS: Final = 0.5
_MOST_WAITING: Final = 1_000
"""Beyond it the oldest are dropped: the books have them all."""

Told = Callable[[Any], None]


class Updates:
    """The ears at one account's ticker: a connection without instruments."""

    def __init__(self, ledger: Ledger, watcher: Watcher, settings: ZerodhaSettings, meters: Meters) -> None:
        """Hear nothing yet; `watcher` is told of what the books have more of."""
        self._ledger, self._watcher, self._settings, self._meters = ledger, watcher, settings, meters
        self._waiting: deque[Any] = deque(maxlen=_MOST_WAITING)
        self._came = asyncio.Event()
        self._lines: Lines | None = None
        self._log = structlog.get_logger()

    def begin(self, login: Login) -> None:
        """Listen by this login from now on."""
        loop = asyncio.get_running_loop()

        def told(data: object) -> None:
            loop.call_soon_threadsafe(self._take, data)

        self.close()
        self._lines = Lines(lambda: self._make(login, told), self._settings.silent_seconds, least=1)
        self._lines.follow(())

    def close(self) -> None:
        """Listen no more."""
        if self._lines is not None:
            self._lines.close()

    async def run(self, stopping: asyncio.Event) -> None:
        """Join what is told, until told to stop."""
        try:
            while not stopping.is_set():
                self._tend()
                await self._join()
                try:
                    await asyncio.wait_for(self._came.wait(), _LOOK_SECONDS)
                except TimeoutError:
                    continue
        finally:
            self.close()

    def _make(self, login: Login, told: Told) -> Line:
        return TickerLine(self._settings, login, _no_frame, order=told)

    def _take(self, data: object) -> None:
        self._waiting.append(data)
        self._came.set()

    def _tend(self) -> None:
        """Connections are made anew; what was told while there was none is in the books."""
        if self._lines is None:
            return
        self._lines.look()
        for why in self._lines.reasons:
            self._log.warning("no order updates for a while", reason=why)
        if self._lines.reasons or self._lines.interruptions:
            self._watcher.look()
        self._lines.reasons.clear()
        self._lines.interruptions.clear()

    async def _join(self) -> None:
        self._came.clear()
        reports: list[OrderReport] = []
        while self._waiting:
            try:
                reports.append(order_report(self._waiting.popleft()))
                self._meters.told("understood")
            except MalformedReplyError as error:
                self._meters.told("malformed")
                self._log.warning("an order update makes no sense", reason=str(error))
        known = [each for each in reports if self._is_ours(each)]
        if known:
            await self._ledger.step(lambda desk: desk.hear(Hearing.Heard(orders=known)))
            self._watcher.heard(name for each in known if self._misses_trades(name := each.part.broker_order_id))
        if len(known) < len(reports):
            self._watcher.look()

    def _is_ours(self, report: OrderReport) -> bool:
        """Orders that are not ours are taken from the books, which have them whole."""
        book = self._ledger.desk.book
        return book.by_broker_id(report.part.broker_order_id) is not None or (
            bool(report.tag) and book.by_tag(report.tag) is not None
        )

    def _misses_trades(self, broker_order_id: str) -> bool:
        record = self._ledger.desk.book.by_broker_id(broker_order_id)
        return record is not None and record.misses_trades


def _no_frame(_: bytes) -> None:
    """A connection without instruments has only heartbeats."""
