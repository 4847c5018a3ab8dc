"""Watches the account between signals: days that begin, prices that go stale, breakers that trip, pauses after trades.

In: ticks, fills and watermarks, as the processor hands them on. Out: locks in the state, which the checks
of the next signal find.
"""

from __future__ import annotations

from datetime import datetime

from alpha_panda.domain.breakers import StrategyLoss
from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.limits import ProtectionTerms
from alpha_panda.domain.protections import Guarded, pauses
from alpha_panda.domain.trades import ClosedTrade
from alpha_panda.events.market import Tick
from alpha_panda.risk_manager.book import Book
from alpha_panda.risk_manager.state import RiskState


class Guard:
    """The breakers, pauses and price times of one account."""

    def __init__(self, state: RiskState, book: Book, calendar: SessionCalendar) -> None:
        """`state` is kept up to date; `book` tells the limits."""
        self._state = state
        self._book = book
        self._calendar = calendar
        self._held = self._holdings()
        self._day_ends = state.breakers.day_ends

    def price(self, tick: Tick, moment: datetime) -> None:
        """Mark; where a position is in the instrument, see what that did to the equity."""
        if moment >= self._day_ends:
            self.day(moment)
        terms, token = self._book.terms, tick.instrument_token
        self._state.freshness.note(token, moment, None if terms is None else terms.account.data_gap)
        self._state.exposure.marks[token] = tick.price_paise
        if token in self._held:
            self.check(moment)

    def traded(self, closed: ClosedTrade | None, moment: datetime) -> None:
        """A fill was booked, and may have closed a position."""
        self._held = self._holdings()
        terms = self._book.terms
        if closed is not None and terms is not None:
            self._pause(closed, terms.account.protections, Guarded(None))
            strategy = self._book.strategy(closed.strategy)
            if strategy is not None:
                self._pause(closed, strategy.protections, Guarded(closed.strategy))
        self.check(moment)

    def day(self, moment: datetime) -> None:
        """Let the days, weeks and months begin that a moment belongs to."""
        if moment < self._day_ends:
            return
        state = self._state
        state.breakers.roll(moment, state.exposure.equity_paise, state.exposure.made_paise())
        state.freshness.roll(state.exposure.marks)
        self._day_ends = state.breakers.day_ends

    def check(self, moment: datetime) -> None:
        """See whether a breaker trips; `day` of the moment was called."""
        state, terms = self._state, self._book.terms
        if terms is None:
            return
        breakers, exposure, locks = state.breakers, state.exposure, state.locks
        losses = terms.account.losses
        for lock in breakers.check(moment, exposure.equity_paise, losses, locks, self._calendar):
            locks.add(lock)
        limited = self._book.loss_limits()
        if not limited:
            return
        made = exposure.made_paise()
        for name, most_paise in limited.items():
            loss = StrategyLoss(strategy=name, made_paise=made.get(name, 0), most_paise=most_paise)
            for lock in breakers.check_strategy(loss, moment, locks, self._calendar):
                locks.add(lock)

    def paid_in(self, paise: int) -> None:
        """Cash came or went (negative) that nobody earned or lost."""
        self._state.breakers.pay(paise)

    def _pause(self, closed: ClosedTrade, terms: ProtectionTerms, guarded: Guarded) -> None:
        for lock in pauses(closed, self._state.exposure.trades, terms, guarded):
            self._state.locks.add(lock)

    def _holdings(self) -> frozenset[int]:
        return frozenset(each.instrument_token for each in self._state.exposure.account.holdings.values())
