"""The data of a backtest: what is wrong with it, said by file and line, and the epochs of the days that are asked for.

Files are those that a replay takes. Nothing here changes them: what cannot be used is left out by the source,
what only looks wrong (a gap, a jump like a split's) is traded as it is and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

import msgspec

from alpha_panda.domain.calendar import IST, SessionCalendar, trading_date
from alpha_panda.domain.epochs import BarDay, EpochBatch
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.market_feed.sources import cells
from alpha_panda.market_feed.sources.columns import Kind, recognise
from alpha_panda.market_feed.sources.files import TableFile
from alpha_panda.market_feed.sources.port import RejectedRow, SourceReport
from alpha_panda.market_feed.sources.replay import named_zone
from alpha_panda.market_feed.sources.rows import Row, RowReader, Setting, at

TOLD: Final = 5
"""Problems of one kind in one file that are told one by one."""
_SPLIT: Final = 1.4
"""A night that multiplies or divides a price by this much: exchanges stop a share's day at 20 %."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a file that a trader should look at; `line` counts from 1."""

    kind: str
    """`rejected`, `unsorted`, `duplicate`, `gap`, `split`, `timezones`."""
    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """What a pass over all files found. `rows` are the usable ones inside sessions."""

    rows: int
    problems: tuple[Problem, ...]
    counts: dict[str, int]
    """All problems by kind, also those that are not among `problems` because a file has many."""
    are_ticks: bool


def examine(
    files: Iterable[TableFile],
    instruments: InstrumentTable,
    calendar: SessionCalendar,
    interval: timedelta | None,
    zone: str | None,
) -> Examination:
    """Read every row once; `interval` is the length of bars, None for ticks.

    Raises:
        InputError: a file cannot be read at all, or the zone is unknown.
    """
    setting = Setting(instruments=instruments, calendar=calendar, zone=named_zone(zone), interval=interval)
    rows, problems, counts = 0, list[Problem](), Counter[str]()
    for file in files:
        rejected: list[RejectedRow] = []
        report = SourceReport()
        columns = recognise(file.header(), file.name)
        reader = RowReader(file, columns, setting, report, rejected.append)
        look = _Look(file.name, interval if columns.kind is Kind.BARS else None)
        for row in reader.rows():
            rows += 1
            look.see(row)
        for each in rejected:
            look.found("rejected", each.line, each.reason)
        if 0 < report.naive_times < report.rows:
            look.zones(_zones(reader))
        problems += look.problems
        counts.update(look.counts)
    return Examination(rows=rows, problems=tuple(problems), counts=dict(counts), are_ticks=interval is None)


class _Look:
    """One file's rows, one after the other."""

    def __init__(self, name: str, interval: timedelta | None) -> None:
        self._name = name
        self._interval = interval
        self._last: dict[int, Row] = {}
        self.problems: list[Problem] = []
        self.counts: Counter[str] = Counter()

    def found(self, kind: str, line: int, message: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= TOLD:
            self.problems.append(Problem(kind=kind, file=self._name, line=line, message=message))

    def see(self, row: Row) -> None:
        last = self._last.get(row.token)
        if last is not None and row.moment < last.moment:
            shown = at(last.moment).astimezone(IST)
            self.found("unsorted", row.line, f"is before {shown:%Y-%m-%d %H:%M:%S} of line {last.line}; it is sorted")
            return
        self._last[row.token] = row
        if last is None or self._interval is None:
            return
        if row.moment == last.moment:
            again = "repeats" if row.says == last.says else "contradicts"
            self.found("duplicate", row.line, f"{again} the bar of line {last.line}, which stands")
            return
        self._compare(last, row, self._interval)

    def _compare(self, last: Row, row: Row, interval: timedelta) -> None:
        before, now = at(last.moment), at(row.moment)
        if trading_date(before) == trading_date(now):
            missing = (now - before) // interval - 1
            if missing > 0:
                self.found("gap", row.line, f"{missing} bars are missing before it, since line {last.line}")
            return
        ratio = row.open_paise / last.close_paise
        if not 1 / _SPLIT < ratio < _SPLIT:
            said = (
                f"opens at {ratio:.3g} times the close of line {last.line}: a split or bonus that is not adjusted for?"
            )
            self.found("split", row.line, said)

    def zones(self, lines: tuple[int, int] | None) -> None:
        if lines is not None:
            naive, aware = lines
            said = f"has a time without an offset from UTC, and line {aware} has one with it"
            self.found("timezones", naive, said)


def _zones(reader: RowReader) -> tuple[int, int] | None:
    """The first lines with a naive and with an aware time, where a file has both."""
    first: dict[bool, int] = {}
    for record in reader.file.records():
        try:
            _, naive = reader.moment(record)
        except cells.UnusableCellError:
            continue
        first.setdefault(naive, record.line)
        if len(first) == 2:  # noqa: PLR2004 — both kinds
            return first[True], first[False]
    return None


def bar_days(days: Iterable[BarDay], first: date | None, last: date | None) -> Iterator[BarDay]:
    """Those from `first` to `last` (both included)."""
    for day in days:
        if last is not None and day.session.date > last:
            break
        if first is None or day.session.date >= first:
            yield day


def of_days(batches: Iterable[EpochBatch], first: date | None, last: date | None) -> Iterator[EpochBatch]:
    """The epochs of the days from `first` to `last` (in India, both included), numbered from 1, with a final one."""
    number, watermark = 0, None
    for batch in batches:
        day = trading_date(batch.watermark)
        if batch.final or (first is not None and day < first):
            continue
        if last is not None and day > last:
            break
        number, watermark = number + 1, batch.watermark
        yield EpochBatch(number=number, watermark=batch.watermark, ticks=batch.ticks)
    if watermark is not None:
        yield EpochBatch(number=number + 1, watermark=watermark, ticks=(), final=True)
