"""Recorded market data as a source: CSV or Parquet files of bars or ticks, merged by time into epochs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import date, timedelta, tzinfo
from itertools import takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from alpha_panda.domain.calendar import IST, SessionCalendar
from alpha_panda.domain.epochs import BarDay, EpochBatch, MarketDay, epochs
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.errors import InputError
from alpha_panda.market_feed.sources.columns import Columns
from alpha_panda.market_feed.sources.days import DayMaker, Opened, days
from alpha_panda.market_feed.sources.files import TableFile, table_files
from alpha_panda.market_feed.sources.port import EpochSource, RejectedRow, SourceReport, counted
from alpha_panda.market_feed.sources.rows import DAY, RowReader, Setting
from alpha_panda.market_feed.sources.survey import INTERVALS, Survey, common_interval, survey


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay, and facts that the files do not state."""

    path: Path
    timezone: str | None = None
    """IANA name of the zone of times without an offset; None for India's."""
    interval_minutes: int | None = None
    """The length of bars, where it cannot be told from the distance between them."""
    called: str | None = None
    """What people are told instead of the path."""

    @property
    def name(self) -> str:
        """Of the data, for people."""
        return self.called or str(self.path)


class ReplaySource(EpochSource):
    """A file, or every market data file under a directory."""

    def __init__(self, options: ReplayOptions, instruments: InstrumentTable, calendar: SessionCalendar) -> None:
        """Read nothing yet."""
        self._options = options
        self._table = instruments
        self._calendar = calendar
        self._zone = named_zone(options.timezone)
        self._interval: timedelta | None = None
        self._surveys: tuple[Survey, ...] | None = None
        self._rejected: list[RejectedRow] = []
        self.report = self._new_report()

    @property
    def description(self) -> str:
        """The path, and after `check` what is there."""
        if self._surveys is None:
            return f"replay of {self._options.name}"
        first, last = self.dates
        minutes = "" if self._interval is None else f"{self._interval // timedelta(minutes=1)}-minute bars"
        kind = "ticks" if self._interval is None else "daily bars" if self._interval == DAY else minutes
        dates = f"{first}" if first == last else f"{first} to {last}"
        return f"replay of {self._options.name}: {kind} of {counted(len(self.instruments), 'instrument')}, {dates}"

    @property
    def dates(self) -> tuple[date, date]:
        """The first and the last date (in India) of any row; raises as `check`."""
        surveys = self._checked()
        return min(each.first for each in surveys), max(each.last for each in surveys)

    @property
    def interval(self) -> timedelta | None:
        """The length of the bars, None for ticks; raises as `check`."""
        self._checked()
        return self._interval

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What the files name, by token; raises as `check`."""
        found = {each.token: each for one in self._checked() for each in one.instruments}
        return tuple(found[token] for token in sorted(found))

    def check(self) -> None:
        """Survey every file, once.

        Raises:
            InputError: a file cannot be replayed, or the files do not belong together.
        """
        self._checked()

    def epochs(self) -> Iterator[EpochBatch]:
        """All epochs from the first; the report starts anew. Raises as `check`."""
        opened, maker = self._opened()
        return epochs(maker.make(day, rows) for day, rows in days(opened))

    def bar_days(self) -> Iterator[BarDay]:
        """The days of bars whose ticks `epochs` gives, without these; the report starts anew. Raises as `check`."""
        opened, maker = self._opened()
        interval = self._interval
        if interval is None:
            raise InputError(f"{self._options.name}: holds ticks, and their days are not days of bars")
        return (maker.bars(day, rows, interval) for day, rows in days(opened))

    def days_before(self, first: date, most: int) -> Iterator[MarketDay]:
        """The last days (at most so many) with data before a date, as `epochs` has them; raises as `check`."""
        opened, maker = self._opened()
        before = deque(takewhile(lambda each: each[0] < first, days(opened)), maxlen=most)
        return (maker.make(day, rows) for day, rows in before)

    def drain_rejected(self) -> tuple[RejectedRow, ...]:
        """Rows rejected since the last call; a day's rows are judged when its first epoch is taken."""
        rejected = tuple(self._rejected)
        self._rejected.clear()
        return rejected

    def _opened(self) -> tuple[list[Opened], DayMaker]:
        surveys = self._checked()
        self.report = self._new_report(files=len(surveys))
        self._rejected.clear()
        opened = [Opened(each, self._reader(each.file, each.columns)) for each in surveys]
        return opened, DayMaker(self._calendar, self._table, self._interval, self.report)

    def _checked(self) -> tuple[Survey, ...]:
        if self._surveys is None:
            asked = self._options.interval_minutes
            if asked is not None and asked not in INTERVALS:
                allowed = ", ".join(map(str, INTERVALS))
                raise InputError(f"interval {asked} minutes; allowed: {allowed}", remedy="state one of these")
            files = table_files(self._options.path, self._options.called)
            surveys = tuple(survey(file, self._reader) for file in files)
            self._interval = common_interval(surveys, asked)
            self._surveys = surveys
        return self._surveys

    def _reader(self, file: TableFile, columns: Columns) -> RowReader:
        setting = Setting(instruments=self._table, calendar=self._calendar, zone=self._zone, interval=self._interval)
        return RowReader(file, columns, setting, self.report, self._rejected.append)

    def _new_report(self, files: int = 0) -> SourceReport:
        return SourceReport(files=files, naive_zone=self._options.timezone or "IST")


def named_zone(name: str | None) -> tzinfo:
    """The zone of that IANA name; India's without one.

    Raises:
        InputError: this machine knows none of that name.
    """
    if name is None:
        return IST
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        message = f"timezone {name!r} is not known here"
        raise InputError(message, remedy="allowed: an IANA name such as Asia/Kolkata or UTC") from error
