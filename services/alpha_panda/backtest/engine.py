"""The pipeline in one process: every service's core, an epoch at a time, each given what its task would read.

Ticks come from a source of epochs; whatever a core says goes to a recorder and on to the cores that read it.
The order is the replay protocol's (`domain.epochs`, `runtime.gate`): bars close at the watermark; strategies see
ticks and bars; paper trading takes the signals validated in the epoch before, then the ticks; risk decides
knowing fills and marks of the epoch. Ids, quantities, prices and paise are therefore those of the services.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from alpha_panda.backtest.desk import Cores, Desk, Publish, Record, SetAside, desks, in_order, stamped
from alpha_panda.bar_builder.processor import BarBuilderProcessor
from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.epochs import EpochBatch
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import StrategyQuarantined
from alpha_panda.events.signals import SignalRaised
from alpha_panda.events.topics import TICKS
from alpha_panda.strategy_runner.processor import StrategyRunnerProcessor
from alpha_panda.strategy_runner.roster import Share

EVERYTHING: Final = Share(partitions=frozenset({0}), count=1)
"""What a runner has that is alone."""


class Engine:
    """One run; `run` may be called once."""

    def __init__(
        self,
        brokers: Sequence[str],
        configured: Sequence[AnyEvent],
        instruments: InstrumentTable,
        calendar: SessionCalendar,
    ) -> None:
        """`configured` are the control events of the Brokers and Strategies."""
        self._bars = BarBuilderProcessor(calendar)
        self.runner = StrategyRunnerProcessor(instruments, calendar, EVERYTHING)
        self._cores = Cores()
        self._desks = desks(Desk, brokers, instruments, calendar, self._cores)
        self._configure(configured)

    @property
    def set_aside(self) -> tuple[SetAside, ...]:
        """What cores refused."""
        return tuple(self._cores.set_aside)

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person should know of the strategies: those that were stopped, or cannot run."""
        return tuple(notice.message for notice in self.runner.drain_notices())

    def run(self, batches: Iterable[EpochBatch], record: Record, record_tick: Record | None = None) -> None:
        """Decide on all epochs, in their order; `record` is told of what the cores say, `record_tick` of the ticks."""
        for batch in batches:
            stamped(batch.ticks, batch.number, record_tick)
            self._turn(batch, lambda events, epoch=batch.number: stamped(events, epoch, record))  # type: ignore[misc]

    def _configure(self, events: Sequence[AnyEvent]) -> None:
        self._cores.feed("strategy-runner", self.runner, events)
        for desk in self._desks:
            desk.configure(events)

    def _turn(self, batch: EpochBatch, publish: Publish) -> None:
        ticks: Sequence[AnyEvent] = batch.ticks
        bars = publish(self._build(ticks, batch.watermark))
        raw = publish(self._wishes(ticks, bars, batch.watermark))
        facts = [event for event in raw if isinstance(event.data, StrategyQuarantined)]
        self._cores.feed("strategy-runner", self.runner, facts)
        for desk in self._desks:
            own = [event for event in raw if event.broker == desk.broker and isinstance(event.data, SignalRaised)]
            desk.turn(ticks, own, batch.watermark, publish)

    def _build(self, ticks: Iterable[AnyEvent], watermark: datetime) -> list[AnyEvent]:
        return [*self._cores.feed("bar-builder", self._bars, ticks), *self._bars.on_watermark(watermark)]

    def _wishes(self, ticks: Sequence[AnyEvent], bars: Sequence[AnyEvent], watermark: datetime) -> list[AnyEvent]:
        # What nobody listens to is read for its epoch alone, and one tick says that as well as all.
        heard = ticks if self.runner.needs_every(TICKS) else ticks[:1]
        said = self._cores.feed("strategy-runner", self.runner, in_order(heard, bars))
        return [*said, *self.runner.on_watermark(watermark)]
