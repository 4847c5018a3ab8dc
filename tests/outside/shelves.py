"""A history database in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from alpha_panda.domain.calendar import trading_date
from alpha_panda.downloads.port import Added
from alpha_panda.events.market import Bar, Timeframe

Key = tuple[int, Timeframe, datetime]


class MemoryShelf:
    """Keeps bars as the database does: what is there stands."""

    def __init__(self) -> None:
        self.bars: dict[Key, Bar] = {}
        self.pieces: list[int] = []

    async def counts(self, token: int, timeframe: Timeframe, first: date, last: date) -> Mapping[date, int]:
        days = (trading_date(start) for kept, frame, start in self.bars if (kept, frame) == (token, timeframe))
        return Counter(day for day in days if first <= day <= last)

    async def add(self, bars: Sequence[Bar]) -> Added:
        keys = {(bar.instrument_token, bar.timeframe, bar.start): bar for bar in bars}
        new = {key: bar for key, bar in keys.items() if key not in self.bars}
        differing = sum(1 for key, bar in keys.items() if key not in new and self.bars[key] != bar)
        self.bars |= new
        self.pieces.append(len(new))
        return Added(new=len(new), differing=differing)
