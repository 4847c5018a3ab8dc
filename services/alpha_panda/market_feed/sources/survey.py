"""What a file holds, found in one pass before anything starts: kind, dates, order, interval, instruments."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import msgspec

from alpha_panda.domain.calendar import IST, trading_date
from alpha_panda.domain.instrument import Instrument
from alpha_panda.errors import InputError
from alpha_panda.market_feed.sources import cells
from alpha_panda.market_feed.sources.columns import Columns, Kind, recognise
from alpha_panda.market_feed.sources.files import Record, TableFile
from alpha_panda.market_feed.sources.rows import DAY, EXCHANGE, RowReader, is_midnight

INTERVALS = (1, 3, 5, 10, 15, 30, 60)
"""Minutes that source bars may span."""
_MINUTE = 60
_DAY_MINUTES = DAY // timedelta(minutes=1)
_FEW = 10
"""One row in so many may be off the minute and be a mistake; more are bars of another length."""
_WANTED = "the replay wants 1-minute bars (or of 3, 5, 10, 15, 30 or 60 minutes), daily bars or ticks"

ReaderOf = Callable[[TableFile, Columns], RowReader]


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """A file that can be replayed."""

    file: TableFile
    columns: Columns
    instruments: tuple[Instrument, ...]
    first: date
    last: date
    in_order: bool
    """Whether no row is dated (in India) before one above it."""
    step: int
    """Minutes: the largest that fits between all its rows of one instrument and day; 0 where none has two rows.

    Those of a day where all rows are at midnight.
    """


class _Findings:
    """What the rows that were seen so far tell."""

    def __init__(self) -> None:
        self.rows = 0
        self.reason: str | None = None
        self.usable = False
        self.days: tuple[date, date] | None = None
        self.in_order = True
        self.at_midnight = True
        self.step = 0
        self.off_minute = 0
        self._last: dict[int, datetime] = {}
        self._last_day: date | None = None
        self.instruments: dict[int, Instrument] = {}

    def see_time(self, moment: datetime) -> None:
        local = moment.astimezone(IST)
        day = local.date()
        self.days = (min(self.days[0], day), max(self.days[1], day)) if self.days else (day, day)
        self.in_order = self.in_order and (self._last_day is None or day >= self._last_day)
        self._last_day = day
        self.at_midnight = self.at_midnight and is_midnight(moment)

    def see_instrument(self, instrument: Instrument, moment: datetime) -> None:
        """Gaps between rows of one instrument on one day; their common measure is the bars' length."""
        self.instruments[instrument.token] = instrument
        if moment.second or moment.microsecond:
            self.off_minute += 1
            return
        last = self._last.get(instrument.token)
        self._last[instrument.token] = moment
        if last is not None and trading_date(last) == trading_date(moment):
            self.step = math.gcd(self.step, abs(int((moment - last).total_seconds())) // _MINUTE)


def survey(file: TableFile, reader_of: ReaderOf) -> Survey:
    """Read the times of all rows, and whole rows until one is usable.

    Raises:
        InputError: the file cannot be replayed; the message says why and what to do.
    """
    columns = recognise(file.header(), file.name)
    reader = reader_of(file, columns)
    if columns.symbol is None and columns.exchange is None:
        _require_own_instrument(reader)
    findings = _Findings()
    for record in file.records():
        findings.rows += 1
        _look(reader, record, findings)
    if findings.rows == 0:
        raise InputError(f"{file.name}: has a header and no rows", remedy="give it rows, or take it away")
    if not findings.usable or findings.days is None:
        raise _unusable(file, findings, reader)
    if columns.kind is Kind.BARS and findings.off_minute * _FEW > findings.rows:
        message = f"{file.name}: {findings.off_minute} of its {findings.rows} rows are not at a whole minute; {_WANTED}"
        raise InputError(message, remedy="give bars of such a length, or the ticks themselves")
    return Survey(
        file=file,
        columns=columns,
        instruments=tuple(findings.instruments[token] for token in sorted(findings.instruments)),
        first=findings.days[0],
        last=findings.days[1],
        in_order=findings.in_order,
        step=_DAY_MINUTES if columns.kind is Kind.BARS and findings.at_midnight else findings.step,
    )


def common_interval(surveys: Sequence[Survey], asked_minutes: int | None) -> timedelta | None:
    """The length of all bars, None for ticks.

    Raises:
        InputError: bars beside ticks, bars of different lengths, or a length that nothing tells.
    """
    bars = [each for each in surveys if each.columns.kind is Kind.BARS]
    ticks = [each for each in surveys if each.columns.kind is Kind.TICKS]
    if bars and ticks:
        message = f"{bars[0].file.name} holds bars and {ticks[0].file.name} ticks"
        raise InputError(message, remedy="replay one kind at a time: put them into two directories")
    if not bars:
        return None
    if asked_minutes is not None:
        return timedelta(minutes=asked_minutes)
    known = [each for each in bars if each.step]
    if not known:
        message = f"{bars[0].file.name}: no day has two bars, so how long they are cannot be told; {_WANTED}"
        raise InputError(message, remedy="if these are bars within the day, give their minutes with --interval")
    minutes = [_minutes(each) for each in known]
    other = next((index for index, each in enumerate(minutes) if each != minutes[0]), None)
    if other is not None:
        message = (
            f"{known[0].file.name} has bars of {_length(minutes[0])}, "
            f"{known[other].file.name} of {_length(minutes[other])}"
        )
        raise InputError(message, remedy="replay bars of one length at a time, or give their minutes with --interval")
    return timedelta(minutes=minutes[0])


def _look(reader: RowReader, record: Record, findings: _Findings) -> None:
    try:
        moment, _ = reader.moment(record)
        findings.see_time(moment)
        findings.see_instrument(reader.instrument(record), moment)
        if not findings.usable:
            findings.usable = reader.parse(record) is not None
    except cells.UnusableCellError as error:
        findings.reason = findings.reason or f"line {record.line}: {error}"
    except IndexError:
        findings.reason = findings.reason or f"line {record.line}: fewer cells than the header"


def _require_own_instrument(reader: RowReader) -> None:
    if reader.own is None:
        table = reader.instruments.source
        message = f"{reader.file.name}: its name says {EXCHANGE}:{reader.own_symbol}, which is not in {table}"
        remedy = "name the file after the instrument's symbol, or add the instrument to the table"
        raise InputError(message, remedy=remedy)


def _minutes(one: Survey) -> int:
    if one.step not in (*INTERVALS, _DAY_MINUTES):
        message = f"{one.file.name}: its bars are {one.step} minutes apart; {_WANTED}"
        raise InputError(message, remedy="give bars of such a length, or give their minutes with --interval")
    return one.step


def _length(minutes: int) -> str:
    return "a day" if minutes == _DAY_MINUTES else f"{minutes} minutes"


def _unusable(file: TableFile, findings: _Findings, reader: RowReader) -> InputError:
    if findings.reason is None and findings.days is not None and not reader.has_session(*findings.days):
        first, last = findings.days
        when = f"{first}" if first == last else f"{first} to {last}"
        message = (
            f"{file.name}: none of its {findings.rows} rows is of a trading day: the exchange was closed on {when}"
        )
        return InputError(message, remedy="check its dates: the exchange rests on weekends and holidays")
    if findings.reason is None:
        message = f"{file.name}: none of its {findings.rows} rows is inside a session of the exchange"
        return InputError(message, remedy="check its times and their zone: sessions are 09:15 to 15:30 in India")
    message = f"{file.name}: none of its {findings.rows} rows can be used; {findings.reason}"
    return InputError(message, remedy="correct the file; the reason is that of its first bad row")
