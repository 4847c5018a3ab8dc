"""The pipeline in one process for minute bars: they go straight to the strategies, and mostly nowhere else.

In: days of one-minute bars. Out, to a keeper: what `Engine` says of the same days, event for event, but for ticks,
bars, and snapshots of accounts in which only prices moved: of these the keeper is told the worth alone. Ticks are
made of the bars in which an order, a breaker or the time could do anything (`calm`); there every core decides
as ever. Strategies that listen to ticks need `Engine`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from alpha_panda.backtest.desk import Cores, SetAside, desks, stamped
from alpha_panda.backtest.engine import EVERYTHING
from alpha_panda.backtest.minute_desk import Minute, MinuteDesk
from alpha_panda.domain.calendar import Session, SessionCalendar
from alpha_panda.domain.epochs import BarDay, NumberedBar
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.partial_bar import bar_event, folded, index_of
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import StrategyQuarantined
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.topics import TICKS
from alpha_panda.strategy_runner.direct import DirectRunner


class Keeper(Protocol):
    """Who keeps what a run says."""

    timeframe: Timeframe
    """Of the bars that are wanted."""

    def record(self, event: AnyEvent) -> None:
        """What a core said."""

    def mark(self, broker: str, at: datetime, equity_paise: int) -> None:
        """Only prices moved, and with them the worth of an account."""

    def chart(self, bar: Bar) -> None:
        """A closed bar of the timeframe."""


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
        self._runner = DirectRunner(instruments, calendar, EVERYTHING)
        self._cores = Cores()
        self._desks = desks(MinuteDesk, brokers, instruments, calendar, self._cores)
        self._cores.feed("strategy-runner", self._runner, configured)
        for desk in self._desks:
            desk.configure(configured)
        self._traded = {token for token, _ in self._runner.listeners}
        self._timeframes = {timeframe for _, timeframe in self._runner.listeners} - {Timeframe.M1}
        self._epoch = 0
        self._session: Session | None = None

    @property
    def suits(self) -> bool:
        """Whether these strategies can do without ticks."""
        return not self._runner.needs_every(TICKS)

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        """What cores refused."""
        return tuple(self._cores.set_aside)

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person should know of the strategies: those that were stopped, or cannot run."""
        return tuple(notice.message for notice in self._runner.drain_notices())

    def run(self, days: Iterable[BarDay], keeper: Keeper) -> None:
        """Decide on all epochs of these days, in their order, and on the final one."""
        watermark: datetime | None = None
        for day in days:
            self._session, watermark = day.session, day.session.close
            charted = self._longer(day, keeper.timeframe, None)
            longer = self._heard(day)
            for end, bars in _minutes(day):
                self._turn(end, bars, longer.get(end, ()), keeper)
                for bar in charted.get(end, ()):
                    keeper.chart(bar)
        if watermark is not None:
            self._turn(watermark, (), (), keeper)
            for desk in self._desks:
                desk.close()

    def _turn(self, watermark: datetime, bars: Sequence[NumberedBar], longer: Sequence[Bar], keeper: Keeper) -> None:
        self._epoch = epoch = self._epoch + 1
        raw = self._wishes([each.bar for each in bars], longer, watermark)
        if raw:
            stamped(raw, epoch, keeper.record)
            facts = [event for event in raw if isinstance(event.data, StrategyQuarantined)]
            self._cores.feed("strategy-runner", self._runner, facts)
        traded = [each for each in bars if each.bar.instrument_token in self._traded]
        minute = Minute(epoch, watermark, traded, [each.bar for each in traded])
        for desk in self._desks:
            equity_paise = desk.minute(minute, raw, keeper.record)
            if equity_paise is not None:
                keeper.mark(desk.broker, watermark, equity_paise)

    def _wishes(self, bars: Sequence[Bar], longer: Sequence[Bar], watermark: datetime) -> list[AnyEvent]:
        runner = self._runner
        runner.reach(self._epoch)
        said: list[AnyEvent] = []
        for bar in self._in_order([*longer, *bars]) if longer else bars:
            listeners = runner.listeners.get((bar.instrument_token, bar.timeframe))
            if listeners:
                said += runner.hear(bar, listeners, self._event)
        said += runner.on_watermark(watermark)
        return said

    def _event(self, bar: Bar) -> Event[Bar]:
        return bar_event(bar, self._today, epoch=self._epoch)

    @property
    def _today(self) -> Session:
        if self._session is None:
            raise RuntimeError("no day has begun")
        return self._session

    def _in_order(self, bars: Sequence[Bar]) -> Sequence[Bar]:
        """As events are within an epoch: by end, instrument, place in the session, and id."""
        places = {(bar.end, bar.instrument_token, index_of(bar, self._today), self._event(bar).id): bar for bar in bars}
        return [places[each] for each in sorted(places)]

    def _heard(self, day: BarDay) -> dict[datetime, list[Bar]]:
        """The longer bars that strategies are given, by the watermark that closes them."""
        found: dict[datetime, list[Bar]] = defaultdict(list)
        for timeframe in self._timeframes:
            for watermark, bars in self._longer(day, timeframe, self._traded).items():
                found[watermark] += bars
        return found

    @staticmethod
    def _longer(day: BarDay, timeframe: Timeframe, tokens: set[int] | None) -> Mapping[datetime, list[Bar]]:
        """The bars of a timeframe, of these instruments or of all, by the watermark that closes them."""
        lines: dict[int, list[Bar]] = defaultdict(list)
        for each in day.bars:
            if tokens is None or each.bar.instrument_token in tokens:
                lines[each.bar.instrument_token].append(each.bar)
        found: dict[datetime, list[Bar]] = defaultdict(list)
        for bars in lines.values():
            for bar in bars if timeframe is Timeframe.M1 else folded(day.session, timeframe, bars):
                found[day.watermarks[bisect_left(day.watermarks, bar.end)]].append(bar)
        return found


def _minutes(day: BarDay) -> Iterator[tuple[datetime, Sequence[NumberedBar]]]:
    """The epochs of a day: where each ends, and its bars."""
    bars: dict[datetime, list[NumberedBar]] = defaultdict(list)
    for each in day.bars:
        bars[each.bar.end].append(each)
    return ((watermark, bars.get(watermark, ())) for watermark in day.watermarks)
