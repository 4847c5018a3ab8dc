"""`--data history`: bars of the history database as files, which then pass the checks that all files pass.

Written are a CSV file for each instrument, in a folder that is gone with the command. People are told of them as
`history/NSE-INFY.csv`.
"""

from __future__ import annotations

import asyncio
import csv
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from alpha_panda.cli.messages import print_warning
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.errors import InputError
from alpha_panda.events.market import Timeframe
from alpha_panda.local.administrator import database
from alpha_panda.local.layout import Layout
from alpha_panda.runtime.recorded_bars import all_bars, connected

NAME: Final = "history"
URLS: Final = ("postgresql://", "postgres://")
_HEADER: Final = ("timestamp", "exchange", "symbol", "open", "high", "low", "close", "volume")


class Data(NamedTuple):
    """Where the data of a command are, and what people are told instead of that path."""

    path: Path
    called: str | None = None


class _Asked(NamedTuple):
    url: str | None
    timeframe: Timeframe


@contextmanager
def opened(data: str, last: date | None, instruments: InstrumentTable, data_dir: Path) -> Iterator[Data]:
    """The data that `--data` names: a path as it is; of a history its bars up to the day `last`, in files.

    Raises:
        InputError: the timeframe or URL is none, or the history has no such bars.
        TransientError: the database does not answer.
    """
    asked = _asked(data)
    if asked is None:
        yield Data(Path(data))
        return
    before = None if last is None else datetime.combine(last + timedelta(days=1), time(), IST)
    with tempfile.TemporaryDirectory(prefix="panda-history-") as folder:
        written = asyncio.run(_write(Path(folder), asked, before, instruments, data_dir))
        if not written:
            raise InputError(
                f"--data {data}: there are no {asked.timeframe} bars" + (f" up to {last}" if last else ""),
                remedy="a platform that runs (panda up) writes them; ask for another timeframe with history:5m",
            )
        yield Data(Path(folder), NAME)


def _asked(data: str) -> _Asked | None:
    if data.startswith(URLS):
        return _Asked(data, Timeframe.M1)
    name, colon, timeframe = data.partition(":")
    if name != NAME:
        return None
    try:
        return _Asked(None, Timeframe(timeframe) if colon else Timeframe.M1)
    except ValueError:
        raise InputError(
            f"--data {data}: {timeframe!r} is no timeframe", remedy=f"allowed: {', '.join(Timeframe)}"
        ) from None


async def _write(
    folder: Path, asked: _Asked, before: datetime | None, instruments: InstrumentTable, data_dir: Path
) -> int:
    place: AbstractAsyncContextManager[Any] = database(Layout(data_dir)) if asked.url is None else connected(asked.url)
    async with place as connection:
        return await _files(folder, all_bars(connection, asked.timeframe, before), instruments)


async def _files(folder: Path, rows: AsyncIterator[Mapping[str, Any]], instruments: InstrumentTable) -> int:
    """A file for each instrument; how many. The rows come instrument by instrument."""
    written = 0
    token, lines = 0, list[tuple[str, ...]]()
    async for row in rows:
        if row["instrument_token"] != token:
            written += _file(folder, token, lines, instruments)
            token, lines = row["instrument_token"], []
        lines.append(_line(row))
    return written + _file(folder, token, lines, instruments)


def _file(folder: Path, token: int, lines: list[tuple[str, ...]], instruments: InstrumentTable) -> int:
    if not lines:
        return 0
    instrument = instruments.get(token)
    if instrument is None:
        print_warning(f"history has {len(lines)} bars of instrument token {token}, which {instruments.source} lacks")
        return 0
    exchange, symbol = str(instrument.exchange), instrument.symbol
    with (folder / f"{exchange}-{symbol.replace('/', '-')}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_HEADER)
        writer.writerows((start, exchange, symbol, *rest) for start, *rest in lines)
    return 1


def _line(row: Mapping[str, Any]) -> tuple[str, ...]:
    start: datetime = row["start"].astimezone(IST)
    shown = start.date().isoformat() if row["timeframe"] == Timeframe.D1.value else start.isoformat()
    prices = (f"{row[f'{name}_paise'] / 100:.2f}" for name in ("open", "high", "low", "close"))
    return (shown, *prices, str(row["volume"]))
