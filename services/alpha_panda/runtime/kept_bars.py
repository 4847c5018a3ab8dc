"""Bars that others told, beside those that we recorded: how many there are of each day, and more of them.

To and from PostgreSQL's `market.bars`, which `history` writes while the platform runs. A bar that is there stands,
whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from alpha_panda.domain.calendar import IST
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.runtime.recorded_bars import BAR_COLUMNS
from alpha_panda.runtime.store_errors import postgres_errors

_NAMED: Final = ", ".join(BAR_COLUMNS)
_VALUES: Final = BAR_COLUMNS[3:]
_COUNTS: Final = """
SELECT (start AT TIME ZONE 'Asia/Kolkata')::date AS day, count(*) AS bars FROM market.bars
WHERE instrument_token = $1 AND timeframe = $2 AND start >= $3 AND start < $4 GROUP BY day
"""
_STAGE: Final = f"CREATE TEMP TABLE told_bars ON COMMIT DROP AS SELECT {_NAMED} FROM market.bars WITH NO DATA"  # noqa: S608 — names are ours
_DIFFERING: Final = f"""
SELECT count(*) FROM told_bars AS told JOIN market.bars AS kept USING (instrument_token, timeframe, start)
WHERE ({", ".join(f"told.{each}" for each in _VALUES)}) <> ({", ".join(f"kept.{each}" for each in _VALUES)})
"""  # noqa: S608 — likewise
_ADD: Final = f"INSERT INTO market.bars ({_NAMED}) SELECT {_NAMED} FROM told_bars ON CONFLICT DO NOTHING"  # noqa: S608 — likewise
_Connection = Any
"""asyncpg gives connections no usable type."""


async def count_by_day(
    connection: _Connection, token: int, timeframe: Timeframe, first: date, last: date
) -> Mapping[date, int]:
    """How many bars there are of each day in India that has any.

    Raises:
        TransientError: PostgreSQL does not answer.
    """
    begin, end = (datetime.combine(day, time(), IST) for day in (first, last + timedelta(days=1)))
    with postgres_errors():
        rows = await connection.fetch(_COUNTS, token, timeframe.value, begin, end)
    return {row["day"]: row["bars"] for row in rows}


async def add_bars(connection: _Connection, bars: Sequence[Bar]) -> tuple[int, int]:
    """Keep bars, all or none: how many are new, and how many are kept otherwise already.

    Raises:
        TransientError: PostgreSQL does not answer.
        AuthenticationError: it lets this user read only.
    """
    if not bars:
        return 0, 0
    records = [_record(bar) for bar in bars]
    with postgres_errors():
        async with connection.transaction():
            await connection.execute(_STAGE)
            await connection.copy_records_to_table("told_bars", records=records, columns=BAR_COLUMNS)
            differing = await connection.fetchval(_DIFFERING)
            said = await connection.execute(_ADD)
    return int(said.rpartition(" ")[2]), differing


def _record(bar: Bar) -> tuple[Any, ...]:
    prices = (bar.open_paise, bar.high_paise, bar.low_paise, bar.close_paise)
    return (bar.instrument_token, bar.timeframe.value, bar.start, *prices, bar.volume)
