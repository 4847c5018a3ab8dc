"""The pipeline in one process: every service's core, an epoch at a time, each given what its task would read.

Ticks come from a source of epochs; whatever a core says goes to a recorder and on to the cores that read it.
The order is the replay protocol's (`domain.epochs`, `runtime.gate`): bars close at the watermark; strategies see
ticks and bars; paper trading takes the signals validated in the epoch before, then the ticks; risk decides
knowing fills and marks of the epoch. Ids, quantities, prices and paise are therefore those of the services.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from alpha_panda.bar_builder.processor import BarBuilderProcessor
from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.epochs import EpochBatch
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.processor import AnyEvent, Processor, RefusedEventError
from alpha_panda.events.control import BrokerConfigured, StrategyQuarantined
from alpha_panda.events.orders import OrderFilled
from alpha_panda.events.registry import EVENT_TOPICS, EVENTS, KIND_RANK
from alpha_panda.events.signals import SignalRaised, SignalValidated
from alpha_panda.events.topics import TICKS
from alpha_panda.paper_trading.processor import PaperTradingProcessor
from alpha_panda.portfolio.processor import PortfolioProcessor
from alpha_panda.risk_manager.processor import RiskManagerProcessor
from alpha_panda.strategy_runner.processor import StrategyRunnerProcessor
from alpha_panda.strategy_runner.roster import Share

Record = Callable[[AnyEvent], None]
"""Told of events in the order in which they happen, each stamped with its epoch."""

_Publish = Callable[[Sequence[AnyEvent]], Sequence[AnyEvent]]
_RANK: Final = {shape: KIND_RANK[name] for name, shape in EVENTS.items()}
_EVERYTHING: Final = Share(partitions=frozenset({0}), count=1)


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a core refused: a service would send it to its dead letters."""

    service: str
    event_id: str
    reason: str


class Desk:
    """The services of one Broker."""

    def __init__(self, broker: str, instruments: InstrumentTable, calendar: SessionCalendar) -> None:
        """Nothing is configured yet."""
        self.broker = broker
        self.risk = RiskManagerProcessor(broker, instruments, calendar)
        self.paper = PaperTradingProcessor(broker, instruments, calendar)
        self.portfolio = PortfolioProcessor(broker, calendar)
        self.validated: list[AnyEvent] = []
        """The signals of the epoch before that may trade."""


class Engine:
    """One run; `run` may be called once."""

    def __init__(
        self,
        brokers: Sequence[str],
        configured: Sequence[AnyEvent],
        instruments: InstrumentTable,
        calendar: SessionCalendar,
    ) -> None:
        """`configured` are the control events of the Brokers and Strategies, which the first epoch begins with."""
        self._configured = configured
        self._bars = BarBuilderProcessor(calendar)
        self._runner = StrategyRunnerProcessor(instruments, calendar, _EVERYTHING)
        self._desks = [Desk(broker, instruments, calendar) for broker in brokers]
        self.set_aside: list[SetAside] = []

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person should know of the strategies: those that were stopped, or cannot run."""
        return tuple(notice.message for notice in self._runner.drain_notices())

    def run(self, batches: Iterable[EpochBatch], record: Record, record_tick: Record | None = None) -> None:
        """Decide on all epochs, in their order; `record` is told of what the cores say, `record_tick` of the ticks."""
        self._configure(self._configured)
        for batch in batches:
            _stamp(batch.ticks, batch.number, record_tick)
            self._turn(batch, lambda events, epoch=batch.number: _stamp(events, epoch, record))  # type: ignore[misc]

    def _configure(self, events: Sequence[AnyEvent]) -> None:
        accounts = [event for event in events if isinstance(event.data, BrokerConfigured)]
        self._feed("strategy-runner", self._runner, events)
        for desk in self._desks:
            self._feed("risk-manager", desk.risk, events)
            self._feed("paper-trading", desk.paper, accounts)
            self._feed("portfolio", desk.portfolio, accounts)

    def _turn(self, batch: EpochBatch, publish: _Publish) -> None:
        ticks: Sequence[AnyEvent] = batch.ticks
        bars = publish(self._build(ticks, batch.watermark))
        raw = publish(self._wishes(ticks, bars, batch.watermark))
        facts = [event for event in raw if isinstance(event.data, StrategyQuarantined)]
        self._feed("strategy-runner", self._runner, facts)
        for desk in self._desks:
            own = [event for event in raw if event.broker == desk.broker and isinstance(event.data, SignalRaised)]
            orders = publish(self._trade(desk, ticks, batch.watermark))
            verdicts = publish(self._judge(desk, merged(ticks, orders), in_order(own), batch.watermark))
            desk.validated = [event for event in verdicts if isinstance(event.data, SignalValidated)]
            fills = [event for event in orders if isinstance(event.data, OrderFilled)]
            publish(self._book(desk, merged(ticks, fills), batch.watermark))

    def _build(self, ticks: Iterable[AnyEvent], watermark: datetime) -> list[AnyEvent]:
        return [*self._feed("bar-builder", self._bars, ticks), *self._bars.on_watermark(watermark)]

    def _wishes(self, ticks: Sequence[AnyEvent], bars: Sequence[AnyEvent], watermark: datetime) -> list[AnyEvent]:
        # What nobody listens to is read for its epoch alone, and one tick says that as well as all.
        heard = ticks if self._runner.needs_every(TICKS) else ticks[:1]
        said = self._feed("strategy-runner", self._runner, in_order(heard, bars))
        return [*said, *self._runner.on_watermark(watermark)]

    def _trade(self, desk: Desk, ticks: Sequence[AnyEvent], watermark: datetime) -> list[AnyEvent]:
        said = self._feed("paper-trading", desk.paper, in_order(desk.validated))
        said += self._feed("paper-trading", desk.paper, ticks)
        return [*said, *desk.paper.on_watermark(watermark)]

    def _judge(
        self, desk: Desk, known: Iterable[AnyEvent], signals: Iterable[AnyEvent], watermark: datetime
    ) -> list[AnyEvent]:
        said = self._feed("risk-manager", desk.risk, known)
        said += self._feed("risk-manager", desk.risk, signals)
        return [*said, *desk.risk.on_watermark(watermark)]

    def _book(self, desk: Desk, events: Iterable[AnyEvent], watermark: datetime) -> list[AnyEvent]:
        said = self._feed("portfolio", desk.portfolio, events)
        said += desk.portfolio.on_watermark(watermark)
        desk.portfolio.forget_ledger()
        return said

    def _feed(self, service: str, core: Processor, events: Iterable[AnyEvent]) -> list[AnyEvent]:
        """What a core says of events in this order; what it refuses leaves it as it was."""
        said: list[AnyEvent] = []
        take = core.on_event
        for event in events:
            try:
                said += take(event, EVENT_TOPICS[type(event.data)])
            except RefusedEventError as error:
                self.set_aside.append(SetAside(service=service, event_id=event.id, reason=str(error)))
        return said


def _stamp(events: Sequence[AnyEvent], epoch: int, record: Record | None) -> Sequence[AnyEvent]:
    """What the log does to an event: it says its epoch. Nobody else holds these events yet."""
    for event in events:
        msgspec.structs.force_setattr(event, "epoch", epoch)
        if record is not None:
            record(event)
    return events


def in_order(*groups: Iterable[AnyEvent]) -> list[AnyEvent]:
    """The order within an epoch and a phase: event time, kind, instrument, sequence, id (as `runtime.inbox`)."""
    events = [event for group in groups for event in group]
    events.sort(key=order)
    return events


def merged(ticks: Sequence[AnyEvent], others: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
    """Both in order. A source gives ticks in this order already, and in most epochs nothing else happens."""
    return in_order(ticks, others) if others else ticks


def order(event: AnyEvent) -> tuple[object, ...]:
    """Where an event stands within its epoch and phase."""
    return (event.event_time, _RANK[type(event.data)], event.key_instrument or 0, event.sequence, event.id)
