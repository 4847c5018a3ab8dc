"""Replay sources over files that a test writes."""

from __future__ import annotations

from pathlib import Path

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.epochs import EpochBatch
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick
from alpha_panda.market_feed.sources.replay import ReplayOptions, ReplaySource

BARS = "timestamp,open,high,low,close,volume\n"
TICKS = "timestamp,price,volume\n"
D = "2019-07-09T"


def bar_line(clock: str, prices: str = "95,96,94,95.5", volume: str = "100", offset: str = "+05:30") -> str:
    return f"{D}{clock}:00{offset},{prices},{volume}\n"


def good_bars(count: int = 3) -> str:
    return BARS + "".join(bar_line(f"09:{15 + minute}") for minute in range(count))


def replay(path: Path, timezone: str | None = None, interval_minutes: int | None = None) -> ReplaySource:
    options = ReplayOptions(path=path, timezone=timezone, interval_minutes=interval_minutes)
    return ReplaySource(options, load_instruments(), default_calendar())


def write(folder: Path, text: str | bytes, name: str = "YESBANK.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def ticks_of(batches: list[EpochBatch]) -> list[Event[Tick]]:
    return [tick for batch in batches for tick in batch.ticks]
