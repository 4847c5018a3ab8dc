"""How far prices and time may go before anything but marks follows from them: what the breakers leave room for.

In: the account and the breakers as they are after a watermark. A backtest asks before it spares the risk manager
the prices of a bar; whatever is not certain is not allowed, and the prices are then given one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from alpha_panda.events.market import Bar
from alpha_panda.risk_manager.book import Book
from alpha_panda.risk_manager.state import RiskState

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class _Limited(msgspec.Struct):
    """A strategy whose loss is limited: what it has made, where that trips, and its units by instrument."""

    made_paise: int
    floor_paise: int
    units: dict[int, int]


class Stakes:
    """The worth of what is held, bar by bar, and the equity at which a breaker trips."""

    def __init__(self, state: RiskState, book: Book) -> None:
        """Reckon from what is known now."""
        exposure = state.exposure
        self._breakers = state.breakers
        self.equity_paise = exposure.equity_paise
        self.peak_paise = state.breakers.peak_paise
        self.until = _quiet_until(state, book)
        """Time alone changes nothing before."""
        self.units: dict[int, int] = {}
        """Of each instrument that is held: those of all strategies together."""
        self._limited = _limited(state, book)
        for holding in exposure.account.holdings.values():
            token = holding.instrument_token
            self.units[token] = self.units.get(token, 0) + holding.position.quantity
        self._marks = {token: exposure.marks.get(token) for token in self.units}
        self._losses = None if book.terms is None else book.terms.account.losses
        self._loss_floor = None if self._losses is None or not self.units else self._breakers.loss_floor(self._losses)
        self._floor_paise = self._floor(self.peak_paise) if self.units else None

    def take(self, bars: Sequence[Bar]) -> bool | None:
        """Take in the prices of an epoch; whether they changed a mark of something held.

        None, and nothing is taken in, where one of them could trip a breaker or where the day's highest equity
        depends on the order in which instruments traded.
        """
        best = worst = change = held = 0
        for bar in bars:
            units = self.units.get(bar.instrument_token)
            if units is None:
                continue
            last = self._marks[bar.instrument_token]
            if last is None:
                return None
            held += 1
            up, down = bar.high_paise - last, bar.low_paise - last
            if units < 0:
                up, down = down, up
            # The price before it is one of the prices, too: another instrument may trade first.
            best += max(units * up, 0)
            worst += min(units * down, 0)
            change += units * (bar.close_paise - last)
        if not held:
            return False
        peak = self.equity_paise + best
        if peak > self.peak_paise:
            if held > 1:
                return None
            floor = self._floor(peak)
        else:
            peak, floor = self.peak_paise, self._floor_paise
        if floor is not None and self.equity_paise + worst <= floor:
            return None
        if self._limited and not self._take_limited(bars):
            return None
        self.peak_paise, self._floor_paise = peak, floor
        self.equity_paise += change
        return self._remark(bars)

    def settle(self) -> None:
        """Tell the breakers of the highest equity that was taken in."""
        self._breakers.peak_paise = max(self._breakers.peak_paise, self.peak_paise)

    def _floor(self, peak_paise: int) -> int | None:
        floors = [self._loss_floor]
        if self._losses is not None:
            floors.append(self._breakers.fall_floor(self._losses, peak_paise))
        return max((each for each in floors if each is not None), default=None)

    def _take_limited(self, bars: Sequence[Bar]) -> bool:
        changes = []
        for each in self._limited:
            worst = change = 0
            for bar in bars:
                units, last = each.units.get(bar.instrument_token, 0), self._marks.get(bar.instrument_token)
                if last is None:
                    continue
                worst += units * (min(bar.low_paise - last, 0) if units > 0 else max(bar.high_paise - last, 0))
                change += units * (bar.close_paise - last)
            if each.made_paise + worst <= each.floor_paise:
                return False
            changes.append(change)
        for each, change in zip(self._limited, changes, strict=True):
            each.made_paise += change
        return True

    def _remark(self, bars: Sequence[Bar]) -> bool:
        changed = False
        for bar in bars:
            token, close_paise = bar.instrument_token, bar.close_paise
            if token in self.units and self._marks[token] != close_paise:
                self._marks[token] = close_paise
                changed = True
        return changed


def _quiet_until(state: RiskState, book: Book) -> datetime:
    """When a day begins, a tax is rounded or a lock ends, whichever comes first.

    Long ago where no time is known yet, and where silences count: these are between one price and the next.
    """
    if state.watermark is None or (book.terms is not None and book.terms.account.data_gap is not None):
        return _LONG_AGO
    others = (state.exposure.account.taxes.next_change(state.watermark), state.locks.next_release)
    return min([state.breakers.day_ends, *(each for each in others if each is not None)])


def _limited(state: RiskState, book: Book) -> list[_Limited]:
    limits = book.loss_limits()
    if not limits:
        return []
    made, found = state.exposure.made_paise(), []
    for name, most_paise in limits.items():
        units: dict[int, int] = {}
        for holding in state.exposure.account.holdings.values():
            if holding.strategy == name:
                units[holding.instrument_token] = units.get(holding.instrument_token, 0) + holding.position.quantity
        if units:
            floor_paise = state.breakers.floor_of(name, most_paise)
            found.append(_Limited(made_paise=made.get(name, 0), floor_paise=floor_paise, units=units))
    return found
