"""A run from files to records: the source, the engine and the recorder put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import msgspec

from alpha_panda.backtest.data import bar_days, of_days
from alpha_panda.backtest.desk import SetAside
from alpha_panda.backtest.engine import Engine
from alpha_panda.backtest.minutes import MinuteEngine
from alpha_panda.backtest.recorder import Recorder
from alpha_panda.backtest.setup import Setup
from alpha_panda.backtest.warm_up import BARS_A_SESSION, WarmUp, warm_up
from alpha_panda.domain.calendar import Session, SessionCalendar, default_calendar, trading_date
from alpha_panda.domain.epochs import BarDay, EpochBatch
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.ticks import OFFSETS
from alpha_panda.errors import InputError
from alpha_panda.events.market import Timeframe
from alpha_panda.market_feed.sources.port import SourceReport
from alpha_panda.market_feed.sources.replay import ReplayOptions, ReplaySource

Advance = Callable[[int], None]
"""Told how many ticks were dealt with, now and then."""
_POINTS: Final = 1_500
"""Bars of an instrument that a chart can show."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which data: a path as a replay takes it, and the days of it (in India, both included)."""

    path: Path
    first: date | None = None
    last: date | None = None
    timezone: str | None = None
    interval_minutes: int | None = None
    called: str | None = None
    """What people are told instead of the path."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a run has come to."""

    setup: Setup
    instruments: InstrumentTable
    recorder: Recorder
    sessions: tuple[Session, ...]
    """Those that the data have, in order."""
    ticks: int
    source: SourceReport
    problems: tuple[str, ...]
    """Strategies that were stopped, and why."""
    set_aside: tuple[SetAside, ...]
    warm_up: WarmUp | None = None
    """What was shown to the strategies of days before the first; None where that is the data's own first day."""


def source_of(selection: Selection, instruments: InstrumentTable, calendar: SessionCalendar) -> ReplaySource:
    """The source of the selection's data, not read yet."""
    options = ReplayOptions(
        path=selection.path,
        timezone=selection.timezone,
        interval_minutes=selection.interval_minutes,
        called=selection.called,
    )
    return ReplaySource(options, instruments, calendar)


def run_backtest(
    setup: Setup, selection: Selection, instruments: InstrumentTable, advance: Advance | None = None
) -> Result:
    """Trade the selected days.

    Raises:
        InputError: the data cannot be used, or have none of these days.
    """
    calendar = default_calendar()
    source = source_of(selection, instruments, calendar)
    source.check()
    recorder = Recorder(_timeframe(_span(source, selection)))
    seen = _Seen(calendar, advance)
    days = selection.first, selection.last
    engine = _engine(setup, source, instruments, calendar)
    warmed = None if selection.first is None else warm_up(engine.runner, source, selection.first, calendar)
    if isinstance(engine, MinuteEngine):
        engine.run(seen.watch_days(bar_days(source.bar_days(), *days)), recorder)
    else:
        engine.run(seen.watch(of_days(source.epochs(), *days)), recorder.record)
    if not seen.sessions:
        raise InputError(f"{source.description}: has no data on the days that are asked for")
    return Result(
        setup=setup,
        instruments=instruments,
        recorder=recorder,
        sessions=tuple(seen.sessions),
        ticks=seen.ticks,
        source=source.report,
        problems=engine.problems,
        set_aside=engine.set_aside,
        warm_up=warmed,
    )


def _engine(
    setup: Setup, source: ReplaySource, instruments: InstrumentTable, calendar: SessionCalendar
) -> Engine | MinuteEngine:
    """The quick one for minutes that no strategy wants the ticks of."""
    if source.interval == Timeframe.M1.duration:
        quick = MinuteEngine(setup.names, setup.configured(), instruments, calendar)
        if quick.suits:
            return quick
    return Engine(setup.names, setup.configured(), instruments, calendar)


class _Seen:
    """Counts what goes by."""

    def __init__(self, calendar: SessionCalendar, advance: Advance | None) -> None:
        self._calendar = calendar
        self._advance = advance
        self.ticks = 0
        self.sessions: list[Session] = []

    def watch(self, batches: Iterable[EpochBatch]) -> Iterator[EpochBatch]:
        for batch in batches:
            self._note(batch)
            yield batch
            self.ticks += len(batch.ticks)
            if self._advance is not None and batch.ticks:
                self._advance(len(batch.ticks))

    def watch_days(self, days: Iterable[BarDay]) -> Iterator[BarDay]:
        for day in days:
            self.sessions.append(day.session)
            yield day
            ticks = len(OFFSETS) * len(day.bars)
            self.ticks += ticks
            if self._advance is not None:
                self._advance(ticks)

    def _note(self, batch: EpochBatch) -> None:
        if self.sessions and batch.watermark <= self.sessions[-1].close:
            return
        session = self._calendar.session_of(trading_date(batch.watermark))
        if session is not None:
            self.sessions.append(session)


def _span(source: ReplaySource, selection: Selection) -> timedelta:
    first, last = source.dates
    first = max(first, selection.first or first)
    last = min(last, selection.last or last)
    return max(last - first, timedelta()) + timedelta(days=1)


def _timeframe(span: timedelta) -> Timeframe:
    """The shortest whose bars a chart can show for so many days, five of seven of which trade."""
    days = max(span.days * 5 / 7, 1)
    return next((each for each, bars in BARS_A_SESSION.items() if bars * days <= _POINTS), Timeframe.D1)
