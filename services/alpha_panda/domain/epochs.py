"""The list of epochs: how a replay is cut into steps that every task takes together.

The feed publishes it and a backtest uses the same one. It depends on the data and the session table
alone: not on partitions, speed, brokers or strategies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from alpha_panda.domain.calendar import Session
from alpha_panda.domain.ticks import ticks_of_bar
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Tick

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


class EpochBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The ticks with event time in [watermark of the epoch before, watermark), in the order of the log.

    `final` marks the last epoch of a replay: it has no ticks, and the last close for its watermark.
    """

    number: int
    watermark: datetime
    ticks: tuple[Event[Tick], ...]
    final: bool = False


class MarketDay(msgspec.Struct, frozen=True, kw_only=True):
    """The data of one session: ticks inside it by (event time, instrument, sequence), and where epochs end."""

    session: Session
    ticks: tuple[Event[Tick], ...]
    watermarks: tuple[datetime, ...]
    """In order, all in (open, close], the last one the close."""


class NumberedBar(msgspec.Struct, frozen=True, gc=False):
    """A bar of a source, and the number of the first of its four ticks among those of its instrument."""

    bar: Bar
    sequence: int


class BarDay(msgspec.Struct, frozen=True, kw_only=True):
    """The data of one session as bars, by (start, instrument), and where epochs end."""

    session: Session
    bars: tuple[NumberedBar, ...]
    watermarks: tuple[datetime, ...]
    """In order, all in (open, close]: each end of a bar, and the close."""


def market_day(day: BarDay) -> MarketDay:
    """The same day as ticks."""
    return MarketDay(session=day.session, ticks=ticks_of_bars(day.bars), watermarks=day.watermarks)


def ticks_of_bars(bars: Iterable[NumberedBar]) -> tuple[Event[Tick], ...]:
    """The ticks of bars, by (event time, instrument, sequence)."""
    ticks = [tick for each in bars for tick in ticks_of_bar(each.bar, each.sequence)]
    ticks.sort(key=lambda tick: (tick.event_time, tick.data.instrument_token, tick.sequence))
    return tuple(ticks)


def bar_watermarks(session: Session, ends: Iterable[datetime]) -> tuple[datetime, ...]:
    """Where epochs of bar data end: where any instrument's bar ends, and at the close."""
    return tuple(sorted({*ends, session.close}))


def tick_watermarks(session: Session, moments: Iterable[datetime]) -> tuple[datetime, ...]:
    """Where epochs of tick data end: after each second with ticks, at each minute of the session, at the close."""
    seconds = {moment.replace(microsecond=0) + _SECOND for moment in moments}
    minutes = {session.open + _MINUTE * index for index in range(1, (session.close - session.open) // _MINUTE + 1)}
    return tuple(sorted({min(each, session.close) for each in seconds} | minutes | {session.close}))


def epochs(days: Iterable[MarketDay]) -> Iterator[EpochBatch]:
    """Number the epochs of consecutive days from 1 and end with the final one; no days, no epochs.

    Holds one day at a time.

    Raises:
        ValueError: the days are not in order, or a day's ticks or watermarks are not as MarketDay says.
    """
    number = 0
    last: datetime | None = None
    for day in days:
        if last is not None and day.session.open < last:
            msg = f"the session of {day.session.date} begins before {last.isoformat()}, where the day before it ended"
            raise ValueError(msg)
        for watermark, ticks in _cut(day):
            number += 1
            yield EpochBatch(number=number, watermark=watermark, ticks=ticks)
        last = day.session.close
    if last is not None:
        yield EpochBatch(number=number + 1, watermark=last, ticks=(), final=True)


def _cut(day: MarketDay) -> Iterator[tuple[datetime, tuple[Event[Tick], ...]]]:
    if not day.watermarks or day.watermarks[-1] != day.session.close:
        msg = f"the watermarks of {day.session.date} do not end with its close, {day.session.close.isoformat()}"
        raise ValueError(msg)
    begin, previous = 0, day.session.open
    for watermark in day.watermarks:
        end = begin
        while end < len(day.ticks) and day.ticks[end].event_time < watermark:
            if day.ticks[end].event_time < previous:
                msg = f"tick {day.ticks[end].id} of {day.session.date} is before {previous.isoformat()}: out of order"
                raise ValueError(msg)
            end += 1
        yield watermark, day.ticks[begin:end]
        begin, previous = end, watermark
    if begin < len(day.ticks):
        msg = f"tick {day.ticks[begin].id} of {day.session.date} is after the close"
        raise ValueError(msg)
