"""Bars of the history database: what `history` has written of the market, for those who look back.

From PostgreSQL's `market.bars`. A runner's new strategies warm up with the last ones before a moment; a backtest
takes all of a timeframe.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import product
from typing import Any, Final

import asyncpg
import msgspec

from alpha_panda.domain.calendar import HorizonError, SessionCalendar, trading_date
from alpha_panda.errors import InputError
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.runtime.store_errors import postgres_errors

BAR_COLUMNS: Final = (
    *("instrument_token", "timeframe", "start"),
    *("open_paise", "high_paise", "low_paise", "close_paise", "volume"),
)
"""Of the table of bars: which bar, and its values."""
_COLUMNS: Final = ", ".join(BAR_COLUMNS)
_LAST: Final = (
    f"SELECT {_COLUMNS} FROM market.bars WHERE instrument_token = $1 AND timeframe = $2 AND start < $3 "  # noqa: S608 — names are ours
    "ORDER BY start DESC LIMIT $4"
)
_ALL: Final = (
    f"SELECT {_COLUMNS} FROM market.bars WHERE timeframe = $1 AND ($2::timestamptz IS NULL OR start < $2) "  # noqa: S608
    "ORDER BY instrument_token, start"
)
_BATCH: Final = 5_000
_Connection = Any
"""asyncpg gives connections no usable type."""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[_Connection]:
    """A connection to the database of a `postgresql://` URL; what it leaves out libpq's variables and files say.

    Raises:
        InputError: it is no such URL.
        TransientError: nobody answers there, also while the connection is used.
        AuthenticationError: the database refuses the user.
    """
    try:
        with postgres_errors():
            connection = await asyncpg.connect(url, timeout=10)
    except (ValueError, asyncpg.ClientConfigurationError, asyncpg.InvalidCatalogNameError) as error:
        raise InputError(
            f"the history database cannot be reached: {error}", remedy="write postgresql://USER@HOST:PORT/DATABASE"
        ) from error
    try:
        with postgres_errors():
            yield connection
    finally:
        await connection.close()


async def all_bars(
    connection: _Connection, timeframe: Timeframe, before: datetime | None
) -> AsyncIterator[Mapping[str, Any]]:
    """Every row of a timeframe that begins before a moment, by instrument token and time; raises as `connected`."""
    with postgres_errors():
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            async for row in connection.cursor(_ALL, timeframe.value, before, prefetch=_BATCH):
                yield row


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The last `count` bars of each of these instruments and timeframes that ended by `before`."""

    tokens: tuple[int, ...]
    timeframes: tuple[Timeframe, ...]
    before: datetime
    count: int


async def last_bars(connection: _Connection, calendar: SessionCalendar, wanted: Wanted) -> list[Bar]:
    """What there is of it, oldest first.

    Raises:
        TransientError: PostgreSQL does not answer.
    """
    bars: list[Bar] = []
    with postgres_errors():
        for token, timeframe in product(wanted.tokens, wanted.timeframes):
            # One more than asked for, since the last may not have ended then.
            rows = await connection.fetch(_LAST, token, timeframe.value, wanted.before, wanted.count + 1)
            found = (_bar(row, calendar) for row in rows)
            ended = [bar for bar in found if bar is not None and bar.end <= wanted.before]
            bars += ended[: wanted.count]
    bars.sort(key=lambda bar: (bar.end, bar.instrument_token, bar.start))
    return bars


def _bar(row: Mapping[str, Any], calendar: SessionCalendar) -> Bar | None:
    """The bar of a row; None of a day that the calendar has no session of, where nothing could be traded."""
    start, timeframe = row["start"], Timeframe(row["timeframe"])
    try:
        session = calendar.session_of(trading_date(start))
    except HorizonError:
        return None
    if session is None or not session.open <= start < session.close:
        return None
    end = min(start + timeframe.duration, session.close)
    return Bar(
        instrument_token=row["instrument_token"],
        timeframe=timeframe,
        start=start,
        end=end,
        open_paise=row["open_paise"],
        high_paise=row["high_paise"],
        low_paise=row["low_paise"],
        close_paise=row["close_paise"],
        volume=row["volume"],
        last_of_session=end == session.close,
    )
