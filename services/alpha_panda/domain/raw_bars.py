"""Bars as others tell them, held to what a bar can be before anybody believes them. Pure.

From whoever is asked for history; what passes goes to the history database. A row is refused with its reason and
never mended: prices that are no numbers or not above 0, a volume below 0, a range that leaves out open or close, a
time without a zone or outside a session, a second row for one time that says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

import msgspec

from alpha_panda.domain.calendar import IST, HorizonError, Session, SessionCalendar, trading_date
from alpha_panda.events.market import Bar, Timeframe

_LARGEST_PAISE: Final = 10**12
_LARGEST_VOLUME: Final = 10**15


class RawBar(NamedTuple):
    """A row as it came; prices in rupees. Anything may stand anywhere."""

    start: object
    open: object
    high: object
    low: object
    close: object
    volume: object


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What became of rows."""

    bars: tuple[Bar, ...]
    """By time, one of each."""
    refused: tuple[str, ...]
    """The reason of each row that is in none."""
    unfinished: int
    """Bars that were not over yet."""


class _UnusableError(ValueError):
    """A row that is refused; the message is the reason."""


def check(
    rows: Iterable[RawBar], token: int, timeframe: Timeframe, calendar: SessionCalendar, now: datetime
) -> Checked:
    """The rows that are bars of sessions and over by `now`."""
    found: dict[datetime, Bar] = {}
    refused: list[str] = []
    unfinished = 0
    for row in rows:
        try:
            bar = _bar(row, token, timeframe, calendar)
        except _UnusableError as error:
            refused.append(str(error))
            continue
        if bar.end > now:
            unfinished += 1
        elif found.setdefault(bar.start, bar) != bar:
            refused.append(f"{_told(bar.start)}: a second row says otherwise; the first stands")
    return Checked(bars=tuple(found[at] for at in sorted(found)), refused=tuple(refused), unfinished=unfinished)


def _bar(row: RawBar, token: int, timeframe: Timeframe, calendar: SessionCalendar) -> Bar:
    if not isinstance(row.start, datetime) or row.start.tzinfo is None:
        raise _UnusableError(f"{row.start}: a time without a zone")
    begin = row.start.astimezone(UTC)
    session = _session(begin, timeframe, calendar)
    start = session.open if timeframe is Timeframe.D1 else begin
    end = session.close if timeframe is Timeframe.D1 else min(start + timeframe.duration, session.close)
    named = zip(("open", "high", "low", "close"), row[1:5], strict=True)
    first, high, low, close = (_paise(begin, name, value) for name, value in named)
    if not low <= min(first, close) <= max(first, close) <= high:
        raise _UnusableError(f"{_told(begin)}: open or close is outside low to high")
    return Bar(
        instrument_token=token,
        timeframe=timeframe,
        start=start,
        end=end,
        open_paise=first,
        high_paise=high,
        low_paise=low,
        close_paise=close,
        volume=_volume(begin, row.volume),
        last_of_session=end == session.close,
    )


def _session(begin: datetime, timeframe: Timeframe, calendar: SessionCalendar) -> Session:
    try:
        session = calendar.session_of(trading_date(begin))
    except HorizonError as error:
        raise _UnusableError(f"{_told(begin)}: outside the session table") from error
    if session is None:
        raise _UnusableError(f"{_told(begin)}: the exchange was closed that day")
    if timeframe is Timeframe.D1:
        if begin != session.open and begin.astimezone(IST).time() != time():
            raise _UnusableError(f"{_told(begin)}: a day begins at midnight in India or at its open: another zone?")
        return session
    if begin not in session:
        raise _UnusableError(f"{_told(begin)}: outside the session")
    if (begin - session.open) % timeframe.duration:
        raise _UnusableError(f"{_told(begin)}: not where a bar of {timeframe} begins")
    return session


def _paise(begin: datetime, name: str, value: object) -> int:
    paise = round(_number(begin, name, value) * 100)
    if not 0 < paise <= _LARGEST_PAISE:
        raise _UnusableError(f"{_told(begin)}: {name} {value} is not above 0 and below {_LARGEST_PAISE // 100}")
    return paise


def _volume(begin: datetime, value: object) -> int:
    number = _number(begin, "volume", value)
    if number != number.to_integral_value() or not 0 <= number <= _LARGEST_VOLUME:
        raise _UnusableError(f"{_told(begin)}: volume {value} is no number of shares")
    return int(number)


def _number(begin: datetime, name: str, value: object) -> Decimal:
    try:
        number = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise _UnusableError(f"{_told(begin)}: {name} {value} is not a number")
    return number


def _told(moment: datetime) -> str:
    return f"{moment.astimezone(IST):%Y-%m-%d %H:%M}"
