"""A small day through the real processors as the records of a log: what the checker's tests start from."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from tests.support.trading import (
    ACME,
    BROKER,
    INSTRUMENTS,
    broker_spec,
    feed,
    moment,
    paper,
    price,
    risk,
    strategy_spec,
)

from alpha_panda.bar_builder.processor import BarBuilderProcessor
from alpha_panda.checker.model import Log, Record
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import BrokerConfigured
from alpha_panda.events.envelope import Event, Origin, encode
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.ids import event_id, signal_id
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.events.signals import Intent, Product, Side, SignalRaised, SignalValidated
from alpha_panda.events.topics import BROKER_EPOCHS, MARKET_EPOCHS, ORDERS_FILLED, TICKS, Scope, Topic
from alpha_panda.portfolio.processor import PortfolioProcessor

MINUTES = 12
GROUP = "alpha-panda.bar-builder"
ACCOUNT = broker_spec(paper={"startingCash": "200000"})
OTHER = "second"
START = moment("09:00:00")


@dataclass
class Writer:
    """Records by topic, as the runtime would write them."""

    records: list[Record] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def write(self, task: str, events: Iterable[AnyEvent], epoch: int | None) -> list[AnyEvent]:
        written = list(events)
        for event in written:
            topic = EVENT_TOPICS[type(event.data)]
            self.owners[_name(topic)] = task
            self._append(topic, task, event, epoch)
        return written

    def mark(self, topic: Topic, task: str, epoch: int, watermark: datetime) -> None:
        name = _name(topic)
        marked = {each: {"0": self.ends[each]} for each, owner in self.owners.items() if owner == task}
        marker = EpochClosed(task=task, epoch=epoch, outputs=marked, control={}, final=epoch == MINUTES)
        identity = event_id(watermark, "marker", name, task, epoch)
        owner = BROKER if topic.scope is Scope.BROKER else None
        event = Event(id=identity, event_time=watermark, data=marker, key=task, correlation_id=identity, broker=owner)
        self._append(topic, task, event, epoch)

    def _append(self, topic: Topic, source: str, event: AnyEvent, epoch: int | None) -> None:
        name = _name(topic)
        offset = self.ends.get(name, 0)
        self.ends[name] = offset + 1
        value = encode(event, Origin(source=source), epoch, now=event.event_time)
        self.records.append(Record(topic=name, partition=0, offset=offset, key=event.key.encode(), value=value))


@functools.cache
def clean_log() -> Log:
    """Twelve minutes of one instrument: an entry that a target ends, one that its strategy exits, one left open."""
    return _run().log


def _run() -> Run:
    run = Run()
    for number in range(1, MINUTES + 1):
        run.turn(number)
    return run


class Run:
    """The services' cores in the order of the replay protocol."""

    def __init__(self) -> None:
        self.writer = Writer()
        self.bars = BarBuilderProcessor(default_calendar())
        self.risk = risk(ACCOUNT, {"mo": strategy_spec(sizing={"riskPercent": "1"})})
        self.paper = paper(ACCOUNT)
        self.portfolio = PortfolioProcessor(BROKER)
        self.waiting: list[AnyEvent] = []
        self.sequence = 0
        configured = _configured()
        self.writer.write("supervisor", [configured], None)
        list(self.portfolio.on_event(configured, EVENT_TOPICS[BrokerConfigured]))

    @property
    def log(self) -> Log:
        records = tuple(self.writer.records)
        ends = {(name, 0): end for name, end in self.writer.ends.items()}
        return Log(
            records=records,
            beginnings=dict.fromkeys(ends, 0),
            committed={GROUP: {(TICKS.name, 0): ends[TICKS.name, 0]}},
            ledger={BROKER: _ledger(self.portfolio)},
            instruments=frozenset(each.token for each in INSTRUMENTS),
        )

    def turn(self, number: int) -> None:
        start = moment("10:00:00") + timedelta(minutes=number - 1)
        end = start + timedelta(minutes=1)
        ticks = self.writer.write("market-feed", self._ticks(number, start), number)
        self.writer.mark(MARKET_EPOCHS, "market-feed", number, end)
        for each in ticks:
            self.bars.on_event(each, TICKS)
        bars = self.writer.write("bar-builder/0", self.bars.on_watermark(end), number)
        self.writer.mark(MARKET_EPOCHS, "bar-builder/0", number, end)
        raw = self.writer.write("strategy-runner/0", _wishes(number, bars), number)
        self.writer.mark(BROKER_EPOCHS, "strategy-runner/0", number, end)
        orders = feed(self.paper, *self.waiting, *ticks)
        orders += self.paper.on_watermark(end)
        self.writer.write(f"{BROKER}.paper-trading", orders, number)
        self.writer.mark(BROKER_EPOCHS, f"{BROKER}.paper-trading", number, end)
        feed(self.risk, *ticks, *orders)
        verdicts = self.writer.write(f"{BROKER}.risk-manager", feed(self.risk, *raw), number)
        self.writer.mark(BROKER_EPOCHS, f"{BROKER}.risk-manager", number, end)
        self.waiting = [each for each in verdicts if isinstance(each.data, SignalValidated)]
        for each in (*ticks, *orders):
            if EVENT_TOPICS[type(each.data)] in (TICKS, ORDERS_FILLED):
                self.portfolio.on_event(each, EVENT_TOPICS[type(each.data)])
        self.writer.write(f"{BROKER}.portfolio", self.portfolio.on_watermark(end), number)
        self.writer.mark(BROKER_EPOCHS, f"{BROKER}.portfolio", number, end)

    def _ticks(self, number: int, start: datetime) -> list[AnyEvent]:
        if number == MINUTES:
            return []
        found: list[AnyEvent] = []
        for index, second in enumerate((1, 20, 40, 59)):
            self.sequence += 1
            paise = 10_000 + 15 * number + 5 * index
            when = start + timedelta(seconds=second)
            found.append(price(when, paise, volume=6_000, token=ACME, sequence=self.sequence))
        return found


def _configured() -> AnyEvent:
    when = moment("09:00:00")
    identity = event_id(when, "control", "Broker", BROKER, "b", 1)
    data = BrokerConfigured(name=BROKER, uid="b", generation=1, spec=ACCOUNT)
    return Event(id=identity, event_time=when, data=data, key=BROKER, correlation_id=identity)


def _wishes(number: int, bars: list[AnyEvent]) -> list[AnyEvent]:
    """Enter in the first minute with a near target, in the fifth to exit in the seventh, in the ninth to stay."""
    if number not in (1, 2, 5, 7, 9):
        return []
    cause = bars[0]
    last = 10_000 + 15 * number + 15
    is_exit = number == 7
    data = SignalRaised(
        strategy="mo",
        instrument_token=ACME,
        intent=Intent.EXIT if is_exit else Intent.ENTER,
        side=Side.SELL if is_exit else Side.BUY,
        product=Product.MIS,
        reference_price_paise=last,
        stop_loss_paise=None if is_exit else last - 200,
        target_paise=last + 30 if number == 1 else None,
        reason="a test",
        expires_at=cause.event_time + timedelta(minutes=5),
    )
    return [
        Event(
            id=signal_id(cause.event_time, BROKER, "mo", ACME, cause.id, 0),
            event_time=cause.event_time,
            data=data,
            key=f"mo:{ACME}",
            key_instrument=ACME,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            broker=BROKER,
        )
    ]


def _ledger(portfolio: PortfolioProcessor) -> dict[str, int]:
    sums: dict[str, int] = {}
    for entry in portfolio.pending_ledger():
        sums[entry.account] = sums.get(entry.account, 0) + entry.amount_paise
    return sums


def _name(topic: Topic) -> str:
    return topic.full_name(BROKER if topic.scope is Scope.BROKER else None)


def changed(log: Log, topic: Topic, index: int, change: Callable[[dict[str, Any]], None]) -> Log:
    """The log with one record of a topic (by index, negative from the end) changed in its JSON."""
    found = [record for record in log.records if record.topic == _name(topic)]
    wanted = found[index]
    value = json.loads(wanted.value or b"")
    change(value)
    return replaced(log, wanted, msgspec.structs.replace(wanted, value=json.dumps(value).encode()))


def replaced(log: Log, old: Record, *new: Record) -> Log:
    """The log with records in place of one."""
    records = [each for record in log.records for each in (new if record is old else (record,))]
    return msgspec.structs.replace(log, records=tuple(records))


def without(log: Log, topic: Topic, index: int) -> Log:
    """The log without one record of a topic."""
    return replaced(log, [record for record in log.records if record.topic == _name(topic)][index])


def added(log: Log, *records: Record) -> Log:
    """The log with more records."""
    return msgspec.structs.replace(log, records=(*log.records, *records))


def record_of(log: Log, topic: Topic, index: int) -> Record:
    """One record of a topic."""
    return [record for record in log.records if record.topic == _name(topic)][index]


def claimed(log: Log, topic: Topic, task: str, fence: int, owner: str = "here:1") -> Log:
    """The log with a claim at the end of a topic."""
    claim = OwnershipTaken(task=task, fence=fence, owner=owner)
    event = Event(id=f"claim {fence} {owner}", event_time=START, data=claim, key=task, correlation_id="claim")
    value = encode(event, Origin(source=task, fence=fence), now=START)
    record = Record(topic=_name(topic), partition=0, offset=end_of(log, topic), key=task.encode(), value=value)
    return added(log, record)


def end_of(log: Log, topic: Topic) -> int:
    """The offset that the next record of a topic will have."""
    return 1 + max(record.offset for record in log.records if record.topic == _name(topic))


def again(log: Log, topic: Topic, index: int) -> Log:
    """The log with one record written a second time at the end of its topic."""
    end = sum(1 for record in log.records if record.topic == _name(topic))
    return added(log, msgspec.structs.replace(record_of(log, topic, index), offset=end))
