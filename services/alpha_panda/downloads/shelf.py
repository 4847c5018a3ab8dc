"""The history database as the place where downloaded bars are kept: one connection, one question at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from alpha_panda.downloads.port import Added
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.runtime.kept_bars import add_bars, count_by_day


class HistoryShelf:
    """The bars of `market.bars`. `connection` is one of asyncpg, which has no usable types."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - see above
        """Read and write there."""
        self._connection = connection
        self._lock = asyncio.Lock()

    async def counts(self, token: int, timeframe: Timeframe, first: date, last: date) -> Mapping[date, int]:
        """See the port."""
        async with self._lock:
            return await count_by_day(self._connection, token, timeframe, first, last)

    async def add(self, bars: Sequence[Bar]) -> Added:
        """See the port."""
        async with self._lock:
            new, differing = await add_bars(self._connection, bars)
        return Added(new=new, differing=differing)
