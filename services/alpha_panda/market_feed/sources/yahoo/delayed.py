"""From rounds of minutes to ticks that say of themselves that they are delayed. Pure; the caller has the clock.

A round asks for every instrument, one after the other, so the first to be asked knows less than the last. Published
is therefore what was over for anybody in the round before: it is over for all in this one, and ticks of all
instruments go out in the order of their times. What comes later than that is late and is counted. Before the first
round nothing is published: warming up is what history is for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.raw_bars import RawBar, check
from alpha_panda.domain.ticks import ticks_of_bar
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Tick, Timeframe

SETTLED: Final = timedelta(minutes=30)
"""After so long nothing is added to a minute, also where no later one follows it."""
_MINUTE: Final = timedelta(minutes=1)
_DAY_ROOM: Final = 10_000
"""Sequences of a day: four for each of its minutes."""


class Counts(msgspec.Struct, kw_only=True):
    """What became of minutes."""

    minutes: int = 0
    late: int = 0
    """They came after others of their time were published."""
    refused: int = 0
    too_old: int = 0
    """They were so old when they came that they only fill bars."""


class DelayedMarket:
    """What was published of each instrument, and up to when."""

    def __init__(self, calendar: SessionCalendar, oldest: timedelta) -> None:
        """Publish nothing yet; minutes that are older than `oldest` when they come are in bars, and nothing more."""
        self._calendar = calendar
        self._oldest = oldest
        self._last: dict[int, datetime] = {}
        self._began: datetime | None = None
        self._published: datetime | None = None
        self._over: datetime | None = None
        self.counts = Counts()
        self.refusal: str | None = None
        """Why a row was refused last."""

    @property
    def last_at(self) -> datetime | None:
        """Up to when minutes were published."""
        return self._published

    def ticks(self, answers: Mapping[int, Sequence[RawBar]], now: datetime) -> list[Event[Tick]]:
        """The ticks of a round that ended at `now`: by instrument token what was answered."""
        found = {token: self._complete(token, rows, now) for token, rows in answers.items()}
        horizon = self._over
        ends = [bars[-1].end for bars in found.values() if bars]
        self._over = max([*ends, *([] if self._over is None else [self._over])], default=None)
        if horizon is None:
            self._began = self._published = self._over
            return []
        ticks = [tick for bars in found.values() for bar in bars for tick in self._of(bar, horizon, now)]
        self._published = max(horizon, self._published or horizon)
        return sorted(ticks, key=lambda tick: (tick.event_time, tick.data.instrument_token, tick.sequence))

    def _complete(self, token: int, rows: Sequence[RawBar], now: datetime) -> tuple[Bar, ...]:
        """The minutes to which nothing is added any more: all but the last, which may go on."""
        checked = check(rows, token, Timeframe.M1, self._calendar, now)
        if checked.refused:
            self.counts.refused += len(checked.refused)
            self.refusal = checked.refused[-1]
        bars = checked.bars
        return bars[:-1] if bars and now - bars[-1].end < SETTLED else bars

    def _of(self, bar: Bar, horizon: datetime, now: datetime) -> tuple[Event[Tick], ...]:
        token = bar.instrument_token
        last = self._last.get(token, self._began)
        if bar.end > horizon or (last is not None and bar.end <= last):
            return ()
        if self._published is not None and bar.start < self._published:
            self._last[token] = bar.end
            self.counts.late += 1
            return ()
        self._last[token] = bar.end
        self.counts.minutes += 1
        old = now - bar.end > self._oldest
        self.counts.too_old += old
        return tuple(
            msgspec.structs.replace(
                tick, data=msgspec.structs.replace(tick.data, delayed=True, filled_in=True if old else msgspec.UNSET)
            )
            for tick in ticks_of_bar(bar, _first_sequence(bar))
        )


def _first_sequence(bar: Bar) -> int:
    """The same for the same minute, whoever publishes it, and always growing."""
    minutes = int(bar.start.timestamp()) // 60
    return minutes // 1440 * _DAY_ROOM + minutes % 1440 * 4
