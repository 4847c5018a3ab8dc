"""Bars of one instrument from a file, for commands that calculate with them: the shapes that a replay takes, and days.

Unlike a replay it needs no instrument table, and takes bars of any length. Rows come in the order of time, and
each that is left out is told, since an indicator goes on over the gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Final

import msgspec

from alpha_panda.domain.calendar import IST, SessionCalendar, default_calendar, trading_date
from alpha_panda.errors import InputError
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.market_feed.sources import cells
from alpha_panda.market_feed.sources.columns import Columns, Kind, recognise
from alpha_panda.market_feed.sources.files import Record, TableFile, table_file
from alpha_panda.market_feed.sources.port import counted

_BARS: Final = "bars have the columns timestamp (or datetime, date), open, high, low, close, volume"
_TOKEN: Final = 1
"""Of every bar: these calculations know one instrument only."""


class BarSeries(msgspec.Struct, frozen=True, kw_only=True):
    """Bars by their time, and a sentence for whatever of the file is not among them."""

    bars: tuple[Bar, ...]
    notes: tuple[str, ...]


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    line: int
    name: str
    moment: datetime
    bar: Bar


def read_bars(path: Path, *, instrument: str | None = None, zone: tzinfo = IST) -> BarSeries:
    """The bars of a CSV or Parquet file; `zone` is that of times without an offset.

    `instrument` (SYMBOL, or EXCHANGE:SYMBOL where the file has exchanges) chooses from a file of several.

    Raises:
        InputError: the file cannot be read, or holds no bars of one instrument.
    """
    file, rows, notes = _read(path, zone)
    return _series(_one_instrument(rows, instrument, file), file, notes)


def read_each(path: Path, *, zone: tzinfo = IST) -> dict[str, BarSeries]:
    """The bars of every instrument of a file, by SYMBOL or EXCHANGE:SYMBOL; by the file's name where it has neither.

    A row that could not be read at all is told with each of them.

    Raises:
        InputError: as `read_bars`.
    """
    file, rows, notes = _read(path, zone)
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row.name or path.stem, []).append(row)
    return {name: _series(group, file, list(notes)) for name, group in groups.items()} or {
        path.stem: _series([], file, notes)
    }


def _read(path: Path, zone: tzinfo) -> tuple[TableFile, list[_Row], list[str]]:
    if not path.is_file():
        what = "is a directory" if path.is_dir() else "there is no such file"
        raise InputError(f"{path}: {what}", remedy="give one CSV or Parquet file of bars")
    file = table_file(path)
    columns = recognise(file.header(), file.name)
    if columns.kind is not Kind.BARS:
        raise InputError(f"{file.name}: holds ticks, not bars", remedy=_BARS)
    notes: list[str] = []
    return file, list(_rows(file, columns, zone, notes)), notes


def _series(rows: list[_Row], file: TableFile, notes: list[str]) -> BarSeries:
    if not rows:
        reason = f"; line {notes[0].removeprefix(f'{file.name}:')}" if notes else ""
        raise InputError(f"{file.name}: has no row that can be used{reason}", remedy=_BARS)
    bars = tuple(row.bar for row in _once(_in_session(rows, file, notes), file, notes))
    return BarSeries(bars=bars, notes=tuple(notes))


def _rows(file: TableFile, columns: Columns, zone: tzinfo, notes: list[str]) -> Iterator[_Row]:
    for record in file.records():
        try:
            yield _row(record, columns, zone)
        except cells.UnusableCellError as error:
            notes.append(f"{file.name}:{record.line}: {error}")


def _row(record: Record, columns: Columns, zone: tzinfo) -> _Row:
    values, names = record.cells, columns.names
    if len(values) != len(names):
        raise cells.UnusableCellError(f"{len(values)} cells where the header has {len(names)}")
    moment, _ = cells.moment(names[columns.time], values[columns.time], zone)
    first, high, low, close = (cells.price_paise(names[index], values[index]) for index in columns.prices)
    if not low <= min(first, close) <= max(first, close) <= high:
        raise cells.UnusableCellError("open or close is outside low to high")
    named = [str(values[index]).strip().upper() for index in (columns.exchange, columns.symbol) if index is not None]
    volume = 0 if columns.volume is None else cells.volume(names[columns.volume], values[columns.volume])
    bar = Bar(
        instrument_token=_TOKEN,
        timeframe=Timeframe.M1,
        start=moment,
        end=moment + timedelta(minutes=1),
        open_paise=first,
        high_paise=high,
        low_paise=low,
        close_paise=close,
        volume=volume,
    )
    return _Row(line=record.line, name=":".join(named), moment=moment, bar=bar)


def _one_instrument(rows: list[_Row], instrument: str | None, file: TableFile) -> list[_Row]:
    names = sorted({row.name for row in rows})
    listed = ", ".join(names)
    if instrument is None:
        if len(names) > 1:
            raise InputError(
                f"{file.name}: holds {len(names)} instruments: {listed}", remedy="choose with --instrument"
            )
        return rows
    wanted = [name for name in names if instrument.strip().upper() in (name, name.rpartition(":")[2])]
    if len(wanted) != 1:
        what = "no bars of" if not wanted else "several exchanges of"
        message = f"{file.name}: holds {what} {instrument}; there are: {listed or 'none that are named'}"
        raise InputError(message, remedy="choose one of these with --instrument, or leave it out for a single one")
    return [row for row in rows if row.name == wanted[0]]


def _in_session(rows: list[_Row], file: TableFile, notes: list[str]) -> list[_Row]:
    """Without the rows that the bar builder would not take; all of them where they are days, or of unknown dates."""
    if all(time() in (row.moment.astimezone(IST).time(), row.moment.time()) for row in rows):
        return rows
    calendar = default_calendar()
    inside = [row for row in rows if not _is_outside(row.moment, calendar)]
    if not inside:
        message = f"{file.name}: no bar is inside a session of the exchange"
        raise InputError(message, remedy="check their times and zone: sessions are 09:15 to 15:30 in India")
    if len(inside) < len(rows):
        notes.append(f"{file.name}: {counted(len(rows) - len(inside), 'bar')} outside the session")
    return inside


def _is_outside(moment: datetime, calendar: SessionCalendar) -> bool:
    known = calendar.first <= trading_date(moment) <= calendar.last
    return known and calendar.session_at(moment) is None


def _once(rows: Iterable[_Row], file: TableFile, notes: list[str]) -> Iterator[_Row]:
    """By time; of two rows for one time the first in the file."""
    before: _Row | None = None
    for row in sorted(rows, key=lambda row: (row.moment, row.line)):
        if before is not None and row.moment == before.moment:
            notes.append(f"{file.name}:{row.line}: has the time of line {before.line}, which stands")
            continue
        before = row
        yield row
