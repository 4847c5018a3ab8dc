"""Rows of market data files as plain numbers: what each row says, or why it says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

import msgspec

from alpha_panda.domain.calendar import IST, HorizonError, Session, SessionCalendar, trading_date
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.market_feed.sources import cells
from alpha_panda.market_feed.sources.columns import Columns, Kind
from alpha_panda.market_feed.sources.files import Record, TableFile
from alpha_panda.market_feed.sources.port import RejectedRow, SourceReport

EXCHANGE = "NSE"
"""Of a file that does not name its exchange."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INDIA = timedelta(hours=5, minutes=30) // _MICROSECOND
_DAY = timedelta(days=1) // _MICROSECOND
UNSTATED = -1
"""The volume of a row that states none."""
DAY = timedelta(days=1)
"""The length of daily bars: each is its session's, and stands in a file at midnight."""


class Row(NamedTuple):
    """A bar by its start, or a tick as a bar of one price; microseconds since 1970 UTC, prices in paise.

    All whole numbers, so that a file that must be sorted can be held in columns.
    """

    moment: int
    token: int
    line: int
    open_paise: int
    high_paise: int
    low_paise: int
    close_paise: int
    volume: int

    @property
    def says(self) -> tuple[int, ...]:
        """All but where it stands."""
        return self[3:]


def microseconds(moment: datetime) -> int:
    """Since 1970 UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def at(moment: int) -> datetime:
    """The time that `microseconds` made a number of."""
    return _EPOCH + timedelta(microseconds=moment)


def day_at(moment: int) -> int:
    """The date in India of such a number, as a number that grows with it."""
    return (moment + _INDIA) // _DAY


def is_midnight(moment: datetime) -> bool:
    """Whether it is midnight in India, or in UTC as a date without a time is often written."""
    return time() in (moment.astimezone(IST).time(), moment.time())


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What rows are read against; `interval` is the length of bars, None while it is not known."""

    instruments: InstrumentTable
    calendar: SessionCalendar
    zone: tzinfo
    interval: timedelta | None = None


class RowReader:
    """Reads the rows of one file; counts into `report` and hands what it rejects to `reject`."""

    def __init__(
        self,
        file: TableFile,
        columns: Columns,
        setting: Setting,
        report: SourceReport,
        reject: Callable[[RejectedRow], None],
    ) -> None:
        """Read nothing yet."""
        self.file = file
        self.columns = columns
        self.instruments = setting.instruments
        self._calendar = setting.calendar
        self._zone = setting.zone
        self._interval = setting.interval
        self._report = report
        self._reject = reject
        self._session: Session | None = None
        self._last: dict[int, int] = {}
        self.own_symbol = file.path.stem.upper()
        """The symbol that the file's name says, for files without a symbol column."""
        self.own = self.instruments.find(EXCHANGE, self.own_symbol)

    def has_session(self, first: date, last: date) -> bool:
        """Whether the exchange had a session on any of these days."""
        return any(first <= each.date <= last for each in self._calendar)

    def rows(self) -> Iterator[Row]:
        """The usable rows inside a session, in the order of the file."""
        for record in self.file.records():
            self._report.rows += 1
            try:
                row = self.parse(record)
            except cells.UnusableCellError as error:
                self.reject(record.line, record.raw, str(error))
                continue
            if row is None:
                self._report.outside_session += 1
                continue
            if row.moment < self._last.get(row.token, 0):
                self._report.out_of_order += 1
            else:
                self._last[row.token] = row.moment
            yield row

    def reject(self, line: int, raw: str, reason: str) -> None:
        """Count a row as unusable and pass it on."""
        self._report.rejected += 1
        self._reject(RejectedRow(file=self.file.name, line=line, raw=raw, reason=reason))

    def parse(self, record: Record) -> Row | None:
        """What the row says; None where its time is in no session.

        Raises:
            UnusableCellError: why it says nothing.
        """
        columns, values = self.columns, record.cells
        if len(values) != len(columns.names):
            raise cells.UnusableCellError(f"{len(values)} cells where the header has {len(columns.names)}")
        moment, naive = self.moment(record)
        token = self.instrument(record).token
        prices = [cells.price_paise(columns.names[index], values[index]) for index in columns.prices]
        volume = self._volume(record)
        first, high, low, close = prices if columns.kind is Kind.BARS else prices * 4
        if not low <= min(first, close) <= max(first, close) <= high:
            raise cells.UnusableCellError(_contradiction(first, high, low, close))
        daily = columns.kind is Kind.BARS and self._is_daily(moment)
        session = self._session_of(moment) if daily else self._session_at(moment)
        if naive:
            self._report.naive_times += 1
        if session is None:
            return None
        if columns.kind is Kind.BARS:
            moment = session.open if daily else moment
            self._aligned(moment, session)
        return Row(microseconds(moment), token, record.line, first, high, low, close, volume)

    def moment(self, record: Record) -> tuple[datetime, bool]:
        """The row's time in UTC, and whether it came without an offset.

        Raises:
            UnusableCellError: it has none.
        """
        index = self.columns.time
        if index >= len(record.cells):
            raise cells.UnusableCellError(f"{len(record.cells)} cells where the header has {len(self.columns.names)}")
        return cells.moment(self.columns.names[index], record.cells[index], self._zone)

    def instrument(self, record: Record) -> Instrument:
        """The instrument of a row, by its symbol and exchange columns or the file's name.

        Raises:
            UnusableCellError: the table does not have it.
        """
        columns, values = self.columns, record.cells
        if columns.symbol is None and columns.exchange is None:
            if self.own is not None:
                return self.own
            found, name = None, f"{EXCHANGE}:{self.own_symbol}"
        else:
            symbol = self.own_symbol if columns.symbol is None else str(values[columns.symbol]).strip().upper()
            exchange = EXCHANGE if columns.exchange is None else str(values[columns.exchange]).strip().upper()
            found, name = self.instruments.find(exchange, symbol), f"{exchange}:{symbol}"
        if found is None:
            raise cells.UnusableCellError(f"{name} is not in the instrument table {self.instruments.source}")
        return found

    def _volume(self, record: Record) -> int:
        index = self.columns.volume
        if index is None:
            return UNSTATED
        if self.columns.kind is Kind.TICKS and cells.is_empty(record.cells[index]):
            return UNSTATED
        return cells.volume(self.columns.names[index], record.cells[index])

    def _is_daily(self, moment: datetime) -> bool:
        """Whether it is a day's bar. No session is open at midnight, which says it while the length is unknown."""
        return self._interval in (None, DAY) and is_midnight(moment)

    def _session_of(self, moment: datetime) -> Session | None:
        try:
            return self._calendar.session_of(trading_date(moment))
        except HorizonError as error:
            raise cells.UnusableCellError(str(error)) from None

    def _session_at(self, moment: datetime) -> Session | None:
        if self._session is not None and moment in self._session:
            return self._session
        try:
            session = self._calendar.session_at(moment)
        except HorizonError as error:
            raise cells.UnusableCellError(str(error)) from None
        if session is not None:
            self._session = session
        return session

    def _aligned(self, moment: datetime, session: Session) -> None:
        step = self._interval or timedelta(minutes=1)
        if (moment - session.open) % step:
            minutes = step // timedelta(minutes=1)
            start, opened = moment.astimezone(IST), session.open.astimezone(IST)
            raise cells.UnusableCellError(
                f"{start:%H:%M:%S} IST is not where a {minutes}-minute bar begins, counted from {opened:%H:%M}"
            )


def _contradiction(first: int, high: int, low: int, close: int) -> str:
    said = {name: f"{paise / 100:.2f}" for name, paise in zip("ohlc", (first, high, low, close), strict=True)}
    shown = f"open {said['o']}, high {said['h']}, low {said['l']}, close {said['c']}"
    if high < low:
        return f"high is below low: {shown}"
    return f"open or close is outside low to high: {shown}"
