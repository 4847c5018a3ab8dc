"""The rows of many files as one day after another, with at most one day of each file in memory."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from alpha_panda.domain.calendar import IST, Session, SessionCalendar, trading_date
from alpha_panda.domain.epochs import BarDay, MarketDay, NumberedBar, bar_watermarks, market_day, tick_watermarks
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.ticks import OFFSETS, tick_event
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.market_feed.sources.port import SourceReport
from alpha_panda.market_feed.sources.rows import UNSTATED, Row, RowReader, at, day_at
from alpha_panda.market_feed.sources.survey import Survey


class Opened(NamedTuple):
    """A surveyed file and its reader."""

    survey: Survey
    reader: RowReader


class FileDay(NamedTuple):
    """The usable rows of one file on one day, in the order of the file."""

    opened: Opened
    rows: list[Row]


def days(files: Sequence[Opened]) -> Iterator[tuple[date, list[FileDay]]]:
    """Each day (in India) that any file has usable rows of, with the files in the order given."""
    waiting = sorted(enumerate(files), key=lambda each: (each[1].survey.first, each[0]))
    running: dict[int, tuple[date, list[Row], Iterator[tuple[date, list[Row]]]]] = {}
    while waiting or running:
        upcoming = min((day for day, _, _ in running.values()), default=date.max)
        while waiting and waiting[0][1].survey.first <= upcoming:
            index, opened = waiting.pop(0)
            _advance(running, index, _file_days(opened))
            upcoming = min((day for day, _, _ in running.values()), default=date.max)
        now = [index for index in sorted(running) if running[index][0] == upcoming]
        if now:
            yield upcoming, [FileDay(files[index], running[index][1]) for index in now]
        for index in now:
            _advance(running, index, running[index][2])


def _advance(
    running: dict[int, tuple[date, list[Row], Iterator[tuple[date, list[Row]]]]],
    index: int,
    rest: Iterator[tuple[date, list[Row]]],
) -> None:
    following = next(rest, None)
    if following is None:
        running.pop(index, None)
    else:
        running[index] = (*following, rest)


def _file_days(opened: Opened) -> Iterator[tuple[date, list[Row]]]:
    found = opened.reader.rows()
    in_order: Iterable[Row] = found if opened.survey.in_order else _sorted(found)
    for _, group in groupby(in_order, key=lambda row: day_at(row.moment)):
        rows = list(group)
        yield trading_date(at(rows[0].moment)), rows


def _sorted(rows: Iterable[Row]) -> Iterator[Row]:
    """By time, then as in the file; held in columns, because it may be a whole file of years."""
    width = len(Row._fields)
    flat = array("q")
    for row in rows:
        flat.extend(row)
    order = sorted(range(0, len(flat), width), key=flat.__getitem__)
    return (Row(*flat[place : place + width]) for place in order)


class DayMaker:
    """Makes the ticks of each day; sequences count up by instrument over the whole replay."""

    def __init__(
        self,
        calendar: SessionCalendar,
        instruments: InstrumentTable,
        interval: timedelta | None,
        report: SourceReport,
    ) -> None:
        """`interval` is the length of bars, None for ticks."""
        self._calendar = calendar
        self._instruments = instruments
        self._interval = interval
        self._report = report
        self._sequences: Counter[int] = Counter()

    def make(self, day: date, files: Sequence[FileDay]) -> MarketDay:
        """The day's ticks and where its epochs end; counts what it leaves out."""
        if self._interval is not None:
            return market_day(self.bars(day, files, self._interval))
        made = self._ticks(self._session(day), files)
        self._report.ticks += len(made.ticks)
        return made

    def bars(self, day: date, files: Sequence[FileDay], interval: timedelta) -> BarDay:
        """The same of bars, whose ticks are not made."""
        session = self._session(day)
        first: dict[tuple[int, int], tuple[Row, Opened]] = {}
        for opened, rows in files:
            again = [row for row in rows if first.setdefault((row.moment, row.token), (row, opened))[0] is not row]
            self._settle(opened, [(row, *first[row.moment, row.token]) for row in again])
        bars: list[NumberedBar] = []
        for moment, token in sorted(first):
            sequence = self._sequences[token]
            bars.append(NumberedBar(_bar(first[moment, token][0], session, interval), sequence + 1))
            self._sequences[token] = sequence + len(OFFSETS)
        self._count_missing(session, interval, Counter(token for _, token in first))
        self._report.ticks += len(OFFSETS) * len(bars)
        watermarks = bar_watermarks(session, (each.bar.end for each in bars))
        return BarDay(session=session, bars=tuple(bars), watermarks=watermarks)

    def _session(self, day: date) -> Session:
        session = self._calendar.session_of(day)
        if session is None:
            msg = f"rows of {day} were read as inside a session, but the day has none"
            raise AssertionError(msg)
        return session

    def _settle(self, opened: Opened, again: Sequence[tuple[Row, Row, Opened]]) -> None:
        """Of two rows for one bar the first stands: the second is a repetition, or rejected."""
        other = {row.line: (row, first, source) for row, first, source in again if row.says != first.says}
        self._report.duplicates += len(again) - len(other)
        if not other:
            return
        # The rows' text was not kept, and such rows are rare: read the file again for it.
        raws = {record.line: record.raw for record in opened.reader.file.records() if record.line in other}
        for line, (row, first, source) in other.items():
            start = at(row.moment).astimezone(IST)
            where = f"{source.survey.file.name}:{first.line}"
            opened.reader.reject(
                line, raws[line], f"{where} gives the bar of {start:%H:%M} IST other numbers and stands"
            )

    def _count_missing(self, session: Session, interval: timedelta, present: Counter[int]) -> None:
        expected = -(-(session.close - session.open) // interval)
        for token, count in sorted(present.items()):
            if count < expected:
                name = self._instruments.require(token).name
                missing = self._report.missing_bars
                missing[name] = missing.get(name, 0) + expected - count

    def _ticks(self, session: Session, files: Sequence[FileDay]) -> MarketDay:
        rows = [(row, opened.survey.columns.cumulative) for opened, found in files for row in found]
        rows.sort(key=lambda each: (each[0].moment, each[0].token))
        volumes: dict[int, int] = {}
        seen: set[tuple[int, ...]] = set()
        ticks = []
        for row, cumulative in rows:
            if self._says_nothing_new(row, seen, cumulative=cumulative):
                self._report.duplicates += 1
                continue
            volume = None if row.volume == UNSTATED else row.volume
            if cumulative and volume is not None:
                # A total below the one before it (a correction) adds nothing; the totals go on from there.
                volume, volumes[row.token] = max(volume - volumes.get(row.token, 0), 0), volume
            self._sequences[row.token] += 1
            ticks.append(tick_event(row.token, at(row.moment), row.close_paise, volume, self._sequences[row.token]))
        watermarks = tick_watermarks(session, (tick.event_time for tick in ticks))
        return MarketDay(session=session, ticks=tuple(ticks), watermarks=watermarks)

    @staticmethod
    def _says_nothing_new(row: Row, seen: set[tuple[int, ...]], *, cumulative: bool) -> bool:
        """Two equal trades may happen in one second; two rows that state no trade of their own are one row."""
        if row.volume != UNSTATED and not cumulative:
            return False
        said = (row.moment, row.token, *row.says)
        if said in seen:
            return True
        seen.add(said)
        return False


def _bar(row: Row, session: Session, interval: timedelta) -> Bar:
    start = at(row.moment)
    end = min(start + interval, session.close)
    return Bar(
        instrument_token=row.token,
        timeframe=Timeframe.M1,
        start=start,
        end=end,
        open_paise=row.open_paise,
        high_paise=row.high_paise,
        low_paise=row.low_paise,
        close_paise=row.close_paise,
        volume=row.volume,
        last_of_session=end == session.close,
    )
