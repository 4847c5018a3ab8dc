"""A bar that is not closed yet, how ticks and shorter bars get into it, and what it closes as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from alpha_panda.domain.calendar import Session
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import bar_id
from alpha_panda.events.market import Bar, Tick, Timeframe


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
    filled_in: bool | msgspec.UnsetType = msgspec.UNSET

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
        if tick.filled_in is True:
            self.filled_in = True

    def add_bar(self, bar: Bar, cause: str) -> None:
        """Put the next shorter bar into this one."""
        if bar.high_paise > self.high_paise:  # noqa: PLR1730 — a call takes as long as the rest
            self.high_paise = bar.high_paise
        if bar.low_paise < self.low_paise:  # noqa: PLR1730 — as above
            self.low_paise = bar.low_paise
        self.close_paise = bar.close_paise
        self.volume += bar.volume
        self.cause = cause
        if bar.filled_in is True:
            self.filled_in = True

    def closed(self, timeframe: Timeframe, token: int) -> Bar:
        """What it is when nothing more comes into it."""
        return Bar(
            instrument_token=token,
            timeframe=timeframe,
            start=self.start,
            end=self.end,
            open_paise=self.open_paise,
            high_paise=self.high_paise,
            low_paise=self.low_paise,
            close_paise=self.close_paise,
            volume=self.volume,
            last_of_session=self.end == self.session.close,
            filled_in=self.filled_in,
        )


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
        filled_in=tick.filled_in,
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
        filled_in=bar.filled_in,
    )


def folded(session: Session, timeframe: Timeframe, bars: Iterable[Bar]) -> Iterator[Bar]:
    """The longer bars that shorter ones of an instrument and session, in order, come to."""
    partial: PartialBar | None = None
    token = 0
    for bar in bars:
        if partial is not None and bar.start < partial.end:
            partial.add_bar(bar, "")
            continue
        if partial is not None:
            yield partial.closed(timeframe, token)
        partial, token = begin_with_bar(session, timeframe.duration, bar, ""), bar.instrument_token
    if partial is not None:
        yield partial.closed(timeframe, token)


def bar_event(bar: Bar, session: Session, cause: str | None = None, epoch: int | None = None) -> Event[Bar]:
    """The event of a closed bar, whose sequence is its index in the session among bars of its length."""
    name = bar_id(bar.instrument_token, bar.timeframe, bar.start, bar.end)
    return Event(
        id=name,
        event_time=bar.end,
        data=bar,
        key=str(bar.instrument_token),
        key_instrument=bar.instrument_token,
        correlation_id=name,
        causation_id=cause,
        sequence=index_of(bar, session),
        epoch=epoch,
    )


def index_of(bar: Bar, session: Session) -> int:
    """Which bar of its length it is in its session, from 0."""
    return (bar.start - session.open) // bar.timeframe.duration


def bounds(session: Session, moment: datetime, length: timedelta) -> tuple[datetime, datetime]:
    """Start and end of the bar that holds `moment`: counted from the session's open, ended by its close."""
    start = session.open + (moment - session.open) // length * length
    return start, min(start + length, session.close)
