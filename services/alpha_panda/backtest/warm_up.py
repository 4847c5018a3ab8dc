"""Indicators do not begin cold: what the data have before the first day that is traded is shown to the strategies.

In: the days before it, as a replay would give them. To the runner: their bars. Nothing is wanted then and nothing
traded. Whole sessions are shown, since some indicators begin anew with each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

import msgspec

from alpha_panda.backtest.desk import in_order
from alpha_panda.bar_builder.processor import BarBuilderProcessor
from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.epochs import MarketDay, epochs
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.topics import TICKS
from alpha_panda.market_feed.sources.port import counted
from alpha_panda.market_feed.sources.replay import ReplaySource
from alpha_panda.strategy_runner.past import Need
from alpha_panda.strategy_runner.processor import StrategyRunnerProcessor

BARS_A_SESSION: Final = {Timeframe.M1: 375, Timeframe.M5: 75, Timeframe.M15: 25, Timeframe.H1: 7, Timeframe.D1: 1}
_MOST_SESSIONS: Final = 2_500
"""Ten years."""


class WarmUp(msgspec.Struct, frozen=True, kw_only=True):
    """What was shown; `warm` of so many instances have seen as much as they say they need."""

    first: date | None
    """The first day of it; None where the data have no day before."""
    sessions: int
    bars: int
    warm: int
    instances: int

    @property
    def says(self) -> str:
        """In a sentence."""
        warm = f"{self.warm} of {counted(self.instances, 'instance')} warm"
        if self.first is None:
            return f"indicators begin cold: there are no data before the first day; {warm}"
        shown = f"{counted(self.bars, 'bar')} of {counted(self.sessions, 'session')} from {self.first} on"
        return f"indicators were warmed up with {shown}; {warm}"


def warm_up(
    runner: StrategyRunnerProcessor, source: ReplaySource, first: date, calendar: SessionCalendar
) -> WarmUp | None:
    """Show the runner what the source has before `first`; None where no instance needs any of it."""
    wanted = runner.needs
    if not wanted:
        return None
    days = list(source.days_before(first, _sessions(wanted)))
    heard = {(token, timeframe) for need in wanted for token in need.tokens for timeframe in need.timeframes}
    bars = [bar for bar in _bars(days, calendar) if (bar.instrument_token, bar.timeframe) in heard]
    for need in wanted:
        runner.warm(need.party.strategy, bars)
    numbers = runner.diagnostics()
    return WarmUp(
        first=days[0].session.date if days else None,
        sessions=len(days),
        bars=len(bars),
        warm=numbers["instances_warm"],
        instances=numbers["instances"],
    )


def _sessions(wanted: Iterable[Need]) -> int:
    """As many as hold the bars that are needed, twice over: some may be missing, and averages settle slowly."""
    most = max(-(-need.bars // BARS_A_SESSION[each]) for need in wanted for each in need.timeframes)
    return min(2 * most, _MOST_SESSIONS)


def _bars(days: Iterable[MarketDay], calendar: SessionCalendar) -> Iterator[Bar]:
    builder = BarBuilderProcessor(calendar)
    for batch in epochs(days):
        closed: list[AnyEvent] = [bar for tick in batch.ticks for bar in builder.on_event(tick, TICKS)]
        closed += builder.on_watermark(batch.watermark)
        yield from (event.data for event in in_order(closed))
