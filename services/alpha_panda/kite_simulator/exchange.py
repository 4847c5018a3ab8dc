"""The simulated exchange as a whole: its market, the account, the book, and what the doors of the server ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from alpha_panda.domain.instrument import Instrument
from alpha_panda.kite_simulator.book import Book
from alpha_panda.kite_simulator.candles import Candles
from alpha_panda.kite_simulator.clock import SimulatedClock
from alpha_panda.kite_simulator.faults import Faults, Kind
from alpha_panda.kite_simulator.journal import Journal
from alpha_panda.kite_simulator.limits import Limits
from alpha_panda.kite_simulator.positions import Portfolio
from alpha_panda.kite_simulator.quotes import Quote
from alpha_panda.kite_simulator.recording import Recording
from alpha_panda.kite_simulator.sessions import Keys, Sessions


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How the exchange is set up."""

    keys: Keys
    cash_paise: int = 100_000_000
    journal: Path | None = None
    enforce_limits: bool = True
    seed: int = 1
    redirect_url: str | None = None
    """Where the login page sends the browser."""
    postback_url: str | None = None
    tick_seconds: float = 0.2
    """How often ticks are sent at most."""


class Exchange:
    """One account's exchange. Trades of others come in by `trade`; the account's own orders through `book`."""

    def __init__(
        self, instruments: Iterable[Instrument], options: Options, clock: SimulatedClock | None = None
    ) -> None:
        """Open with no trade yet."""
        self.options = options
        self.clock = clock or SimulatedClock()
        self.journal = Journal(options.journal, self.clock)
        self.faults = Faults(options.seed)
        self.sessions = Sessions(options.keys, self.clock)
        self.limits = Limits(enforced=options.enforce_limits)
        self.quotes = {each.token: Quote(instrument=each) for each in instruments}
        self.by_name = {quote.instrument.name: quote for quote in self.quotes.values()}
        self.candles = Candles()
        self.recording = Recording()
        self.portfolio = Portfolio(options.cash_paise, self.quotes)
        self.book = Book(
            options.keys.user_id,
            self.quotes,
            self.portfolio,
            clock=self.clock,
            faults=self.faults,
            limits=self.limits,
            journal=self.journal,
        )
        self.ticked: Callable[[int], None] = lambda _: None

    def trade(self, token: int, price_paise: int, quantity: int = 1, moment: datetime | None = None) -> None:
        """Somebody traded: show it, and match the account's orders with it."""
        now = moment or self.clock.now()
        self.quotes[token].trade(price_paise, quantity, now)
        self.candles.trade(token, price_paise, quantity, now)
        self.book.traded(token)
        self.ticked(token)

    def instruments_csv(self, exchange: str | None) -> str:
        """The list of instruments as the API gives it, or as a fault spoils it."""
        if self.faults.on(Kind.INSTRUMENTS_EMPTY):
            return f"{_HEADER}\n"
        expiry = "2015-01-29" if self.faults.on(Kind.INSTRUMENTS_STALE) else None
        chosen = (each.instrument for each in self.quotes.values() if exchange in (None, each.instrument.exchange))
        text = "\n".join([_HEADER, *(_row(each, expiry) for each in chosen)]) + "\n"
        return text[: len(text) // 2] if self.faults.on(Kind.INSTRUMENTS_MALFORMED) else text

    def state(self) -> dict[str, Any]:
        """What a test or a person wants to know of it."""
        return {
            "now": self.clock.now().isoformat(),
            "recording": self.recording.stage,
            "orders": len(self.book.orders),
            "working": len(self.book.working),
            "placed_today": self.limits.placed,
            "refused_by_limits": self.limits.refused,
            "faults_played": dict(self.faults.played),
            "lines": len(self.journal.lines),
        }


_HEADER = (
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,"
    "instrument_type,segment,exchange"
)
_TYPES = {"EQUITY": "EQ", "INDEX": "EQ", "FUTURES": "FUT", "OPTIONS": "CE"}


def _row(each: Instrument, expiry: str | None) -> str:
    """One line. The table knows no expiries: derivatives get a distant one, or all get the fault's."""
    derivative = each.segment in ("FUTURES", "OPTIONS")
    market = "INDICES" if each.segment == "INDEX" else each.exchange
    until = expiry or ("2099-12-31" if derivative else "")
    kind = _TYPES["FUTURES"] if expiry else _TYPES[each.segment]
    cells = (each.token, each.token >> 8, each.symbol, each.symbol, 0, until, 0, each.tick_size_paise / 100)
    return ",".join(str(cell) for cell in (*cells, each.lot_size, kind, market, each.exchange))
