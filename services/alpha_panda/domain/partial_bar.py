"""A bar that is not closed yet, and how ticks and shorter bars get into it."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from alpha_panda.domain.calendar import Session
from alpha_panda.events.market import Bar, Tick


class PartialBar(msgspec.Struct):
    """An open bar of one instrument, aligned to its session; prices in paise, volume in shares.

    `cause` is the id of the last event in it.
    """

    session: Session
    start: datetime
    end: datetime
    open_paise: int
    high_paise: int
    low_paise: int
    close_paise: int
    volume: int
    cause: str

    def add_tick(self, tick: Tick, cause: str) -> None:
        """Put one more trade price into the bar."""
        price = tick.price_paise
        if price > self.high_paise:
            self.high_paise = price
        elif price < self.low_paise:
            self.low_paise = price
        self.close_paise = price
        self.volume += tick.volume or 0
        self.cause = cause

    def add_bar(self, bar: Bar, cause: str) -> None:
        """Put the next shorter bar into this one."""
        self.high_paise = max(self.high_paise, bar.high_paise)
        self.low_paise = min(self.low_paise, bar.low_paise)
        self.close_paise = bar.close_paise
        self.volume += bar.volume
        self.cause = cause


def begin_with_tick(session: Session, moment: datetime, length: timedelta, tick: Tick, cause: str) -> PartialBar:
    """The bar of this length that holds `moment`, with its first trade price."""
    start, end = bounds(session, moment, length)
    price = tick.price_paise
    return PartialBar(
        session=session,
        start=start,
        end=end,
        open_paise=price,
        high_paise=price,
        low_paise=price,
        close_paise=price,
        volume=tick.volume or 0,
        cause=cause,
    )


def begin_with_bar(session: Session, length: timedelta, bar: Bar, cause: str) -> PartialBar:
    """The bar of this length that holds `bar`, with that as its first part."""
    start, end = bounds(session, bar.start, length)
    return PartialBar(
        session=session,
        start=start,
        end=end,
        open_paise=bar.open_paise,
        high_paise=bar.high_paise,
        low_paise=bar.low_paise,
        close_paise=bar.close_paise,
        volume=bar.volume,
        cause=cause,
    )


def bounds(session: Session, moment: datetime, length: timedelta) -> tuple[datetime, datetime]:
    """Start and end of the bar that holds `moment`: counted from the session's open, ended by its close."""
    start = session.open + (moment - session.open) // length * length
    return start, min(start + length, session.close)
