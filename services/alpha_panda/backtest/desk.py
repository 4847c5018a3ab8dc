"""One Broker's services in one process: paper market, risk and books, an epoch at a time.

The order is the replay protocol's: paper trading takes the signals validated in the epoch before, then the ticks;
risk decides the epoch's signals knowing its fills and marks; the books take both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.processor import AnyEvent, Processor, RefusedEventError
from alpha_panda.events.control import BrokerConfigured
from alpha_panda.events.orders import OrderFilled
from alpha_panda.events.registry import EVENT_TOPICS, EVENTS, KIND_RANK
from alpha_panda.events.signals import SignalValidated
from alpha_panda.paper_trading.processor import PaperTradingProcessor
from alpha_panda.portfolio.processor import PortfolioProcessor
from alpha_panda.risk_manager.processor import RiskManagerProcessor

Publish = Callable[[Sequence[AnyEvent]], Sequence[AnyEvent]]
"""What becomes of a core's outputs before others take them in: they are stamped and recorded."""
Record = Callable[[AnyEvent], None]
"""Told of events in the order in which they happen, each stamped with its epoch."""

DeskT = TypeVar("DeskT", bound="Desk")
_RANK: Final = {shape: KIND_RANK[name] for name, shape in EVENTS.items()}


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a core refused: a service would send it to its dead letters."""

    service: str
    event_id: str
    reason: str


class Cores:
    """Calls cores in a given order of events, and keeps what they refuse."""

    def __init__(self) -> None:
        """Nothing is refused yet."""
        self.set_aside: list[SetAside] = []

    def feed(self, service: str, core: Processor, events: Iterable[AnyEvent]) -> list[AnyEvent]:
        """What a core says of events in this order; what it refuses leaves it as it was."""
        said: list[AnyEvent] = []
        take = core.on_event
        for event in events:
            try:
                said += take(event, EVENT_TOPICS[type(event.data)])
            except RefusedEventError as error:
                self.set_aside.append(SetAside(service=service, event_id=event.id, reason=str(error)))
        return said


class Desk:
    """The services of one Broker, and the signals of the epoch before that may trade."""

    def __init__(
        self,
        broker: str,
        risk: RiskManagerProcessor,
        paper: PaperTradingProcessor,
        portfolio: PortfolioProcessor,
        cores: Cores,
    ) -> None:
        """Put together cores of the same Broker."""
        self.broker = broker
        self.risk = risk
        self.paper = paper
        self.portfolio = portfolio
        self.validated: list[AnyEvent] = []
        self._feed = cores.feed

    def configure(self, events: Sequence[AnyEvent]) -> None:
        """Take in control changes."""
        accounts = [event for event in events if isinstance(event.data, BrokerConfigured)]
        self._feed("risk-manager", self.risk, events)
        self._feed("paper-trading", self.paper, accounts)
        self._feed("portfolio", self.portfolio, accounts)

    def turn(
        self, ticks: Sequence[AnyEvent], signals: Sequence[AnyEvent], watermark: datetime, publish: Publish
    ) -> None:
        """One epoch; `ticks` are in order, `signals` are this Broker's raw ones."""
        orders = publish(self._trade(ticks, watermark))
        verdicts = publish(self._judge(merged(ticks, orders), in_order(signals), watermark))
        self.validated = [event for event in verdicts if isinstance(event.data, SignalValidated)]
        fills = [event for event in orders if isinstance(event.data, OrderFilled)]
        publish(self._book(merged(ticks, fills), watermark))

    def _trade(self, ticks: Sequence[AnyEvent], watermark: datetime) -> list[AnyEvent]:
        said = self._feed("paper-trading", self.paper, in_order(self.validated))
        said += self._feed("paper-trading", self.paper, ticks)
        return [*said, *self.paper.on_watermark(watermark)]

    def _judge(self, known: Iterable[AnyEvent], signals: Iterable[AnyEvent], watermark: datetime) -> list[AnyEvent]:
        said = self._feed("risk-manager", self.risk, known)
        said += self._feed("risk-manager", self.risk, signals)
        return [*said, *self.risk.on_watermark(watermark)]

    def _book(self, events: Iterable[AnyEvent], watermark: datetime) -> list[AnyEvent]:
        said = self._feed("portfolio", self.portfolio, events)
        said += self.portfolio.on_watermark(watermark)
        self.portfolio.forget_ledger()
        return said


def desks(
    kind: type[DeskT], brokers: Sequence[str], instruments: InstrumentTable, calendar: SessionCalendar, cores: Cores
) -> list[DeskT]:
    """A desk of this kind for each Broker."""
    return [
        kind(
            broker,
            RiskManagerProcessor(broker, instruments, calendar),
            PaperTradingProcessor(broker, instruments, calendar),
            PortfolioProcessor(broker, calendar),
            cores,
        )
        for broker in brokers
    ]


def stamped(events: Sequence[AnyEvent], epoch: int, record: Record | None) -> Sequence[AnyEvent]:
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
