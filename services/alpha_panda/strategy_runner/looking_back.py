"""A strategy that is new on a live platform begins with the past: its last bars come from the history database.

From PostgreSQL to the processor, between two turns of the log; the log gives the rest. History is about a second
behind the market, so that the bar of a moment ago may be missing. A replay by epochs never looks back: what it
decides follows from the log alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

import asyncpg
import structlog

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.processor import Processor
from alpha_panda.runtime.errors import AuthenticationError, TransientError
from alpha_panda.runtime.recorded_bars import Wanted, last_bars
from alpha_panda.strategy_runner.past import Need
from alpha_panda.strategy_runner.processor import StrategyRunnerProcessor
from alpha_panda.strategy_runner.verdicts import Party

_TIMES: Final = 2
"""Averages settle slowly: so many times the bars that a strategy says it needs."""


class LookingBack:
    """Asks once for each new strategy and its instruments; without an answer they begin cold."""

    def __init__(self, pool: asyncpg.Pool[Any], calendar: SessionCalendar) -> None:
        """Nobody has asked yet."""
        self._pool = pool
        self._calendar = calendar
        self._asked: set[tuple[Party, tuple[int, ...]]] = set()
        self._seen: WeakKeyDictionary[Processor, int] = WeakKeyDictionary()
        self._log = structlog.get_logger()

    async def prepare(self, processor: Processor) -> bool:
        """Show new strategies what was before now; whether there was any."""
        runner = cast("StrategyRunnerProcessor", processor)
        if self._seen.get(runner) == runner.changes:
            return False
        self._seen[runner] = runner.changes
        new = [need for need in runner.needs if (need.party, need.tokens) not in self._asked]
        return sum([await self._show(runner, need) for need in new]) > 0

    async def _show(self, runner: StrategyRunnerProcessor, need: Need) -> bool:
        self._asked.add((need.party, need.tokens))
        wanted = Wanted(
            tokens=need.tokens, timeframes=need.timeframes, before=datetime.now(UTC), count=_TIMES * need.bars
        )
        try:
            async with self._pool.acquire() as connection:
                bars = await last_bars(connection, self._calendar, wanted)
        except (TransientError, AuthenticationError, OSError, asyncpg.PostgresError) as error:
            self._log.warning("strategy begins cold: no history", strategy=need.party.strategy, reason=str(error))
            return False
        runner.warm(need.party.strategy, bars)
        self._log.info("strategy warmed up from history", strategy=need.party.strategy, bars=len(bars))
        return bool(bars)
