"""The pipeline in one process for minute bars: strategies run ahead to their wishes, desks pass over what is calm.

In: days of one-minute bars. Out, to a keeper: what `Engine` says of the same days, event for event, but for ticks,
bars, and snapshots of accounts in which only prices moved: of these the keeper is told the worth alone. Ticks are
made of the bars in which an order, a breaker or the time could do anything (`calm`); there every core decides
as ever. Strategies that listen to ticks need `Engine`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush
from typing import Protocol

from alpha_panda.backtest.desk import Cores, SetAside, desks, stamped
from alpha_panda.backtest.engine import EVERYTHING
from alpha_panda.backtest.minute_day import MinuteDay
from alpha_panda.backtest.minute_desk import Marks, MinuteDesk
from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.epochs import BarDay
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.partial_bar import index_of
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import StrategyQuarantined
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.topics import TICKS
from alpha_panda.strategy import Wish
from alpha_panda.strategy_runner.direct import DirectRunner
from alpha_panda.strategy_runner.roster import Listener


class Keeper(Marks, Protocol):
    """Who keeps what a run says."""

    timeframe: Timeframe
    """Of the bars that are wanted."""

    def chart(self, bar: Bar) -> None:
        """A closed bar of the timeframe."""

    def settle(self, broker: str, last: PnlSnapshot | None) -> None:
        """What an account has come to."""


class MinuteEngine:
    """One run; `run` may be called once."""

    def __init__(
        self,
        brokers: Sequence[str],
        configured: Sequence[AnyEvent],
        instruments: InstrumentTable,
        calendar: SessionCalendar,
    ) -> None:
        """`configured` are the control events of the Brokers and Strategies."""
        self.runner = DirectRunner(instruments, calendar, EVERYTHING)
        self._cores = Cores()
        self._desks = desks(MinuteDesk, brokers, instruments, calendar, self._cores)
        self._cores.feed("strategy-runner", self.runner, configured)
        for desk in self._desks:
            desk.configure(configured)
        self._traded = {each.slot.context.instrument_token for each in self.runner.listeners}
        self._epoch = 0

    @property
    def suits(self) -> bool:
        """Whether these strategies can do without ticks."""
        return not self.runner.needs_every(TICKS)

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        """What cores refused."""
        return tuple(self._cores.set_aside)

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person should know of the strategies: those that were stopped, or cannot run."""
        return tuple(notice.message for notice in self.runner.drain_notices())

    def run(self, days: Iterable[BarDay], keeper: Keeper) -> None:
        """Decide on all epochs of these days, in their order, and on the final one."""
        closed: datetime | None = None
        for each in days:
            day = MinuteDay(each, self._epoch + 1, self._traded)
            self._trade(day, keeper)
            for bar in day.charted(keeper.timeframe):
                keeper.chart(bar)
            self._epoch += len(day.watermarks)
            closed = day.session.close
        if closed is None:
            return
        for desk in self._desks:
            desk.finish(self._epoch + 1, closed, keeper)
            keeper.settle(desk.broker, desk.portfolio.last)

    def _trade(self, day: MinuteDay, keeper: Keeper) -> None:
        unloaded = self._unloaded(day) if day.first == 1 else []
        scouts = Scouts(self.runner, day)
        epoch = 0
        while (wished := 0 if unloaded else scouts.upcoming) is not None:
            for desk in self._desks:
                desk.pass_over(day, epoch, wished, keeper)
            self.runner.reach(day.first + wished)
            raw = stamped([*scouts.said(wished), *unloaded], day.first + wished, keeper.record)
            unloaded = []
            facts = [event for event in raw if isinstance(event.data, StrategyQuarantined)]
            self._cores.feed("strategy-runner", self.runner, facts)
            for desk in self._desks:
                desk.decide(day, wished, raw, keeper)
            epoch = wished + 1
        for desk in self._desks:
            desk.pass_over(day, epoch, len(day.watermarks), keeper)
            desk.end_day(day)

    def _unloaded(self, day: MinuteDay) -> list[AnyEvent]:
        """What the first epoch says of strategies that could not be loaded; before any of the others runs ahead."""
        self.runner.reach(day.first)
        return list(self.runner.on_watermark(day.watermarks[0]))


class Scouts:
    """The instances of a day, each of which is ahead at the next bar after which it wants something or fails."""

    def __init__(self, runner: DirectRunner, day: MinuteDay) -> None:
        """Let all of them run."""
        self._runner = runner
        self._day = day
        self._ahead: list[tuple[tuple[object, ...], Event[Bar], Listener, tuple[Wish, ...], Iterator[Bar]]] = []
        for rank, listener in enumerate(runner.listeners):
            context = listener.slot.context
            self._advance(rank, listener, iter(day.heard(context.instrument_token, context.timeframes)))

    @property
    def upcoming(self) -> int | None:
        """The next epoch in which one of them says something."""
        return self._ahead[0][1].epoch - self._day.first if self._ahead else None  # type: ignore[operator]

    def said(self, epoch: int) -> list[AnyEvent]:
        """What follows in an epoch, in the order of its bars; then they run on."""
        said: list[AnyEvent] = []
        while self.upcoming == epoch:
            key, event, listener, wishes, bars = heappop(self._ahead)
            said += self._runner.follow(event, event.data, listener, wishes)
            self._advance(key[-1], listener, bars)
        return said

    def _advance(self, rank: object, listener: Listener, bars: Iterator[Bar]) -> None:
        slot = listener.slot
        failed = slot.verdict is not None
        wishes = self._runner.wishes(listener, bars, lambda bar: self._day.event(bar).id)
        if failed or slot.at is None:
            return
        event = self._day.event(slot.at)
        place = index_of(slot.at, self._day.session)
        key = (event.epoch, event.event_time, slot.at.instrument_token, place, event.id, rank)
        heappush(self._ahead, (key, event, listener, wishes, bars))
