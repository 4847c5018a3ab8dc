"""A sink stores everything once it can, and a record that cannot be stored harms no other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from aiokafka import TopicPartition
from aiokafka import errors as kafka_errors
from tests.support.memory_log import MemoryConsumer, MemoryLog, MemoryProducer
from tests.unit.runtime.counting import FATAL, REFUSED, moment, tick

from alpha_panda.domain.processor import AnyEvent, RefusedEventError
from alpha_panda.events.envelope import Event, Origin, encode
from alpha_panda.events.fences import Fences
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.topics import TICKS, dead_letter_topic
from alpha_panda.runtime import sink as module
from alpha_panda.runtime.claims import Met
from alpha_panda.runtime.errors import AuthenticationError, TransientError
from alpha_panda.runtime.logs import LogQueue
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.settings import ServiceSection, ServiceSettings
from alpha_panda.runtime.sink import SinkService

NAME = TICKS.full_name()
LETTERS = dead_letter_topic(NAME)
PARTITION = TopicPartition(NAME, 0)
TASK = "paper.paper-trading"
TOO_LARGE = 888
"""A price that the store cannot hold."""


class Consumer(MemoryConsumer):
    """Tells the sink to stop when it has read everything."""

    at_end: Callable[[], None]
    failure: Exception | None = None

    async def getmany(self, *, timeout_ms: int = 0, max_records: int | None = None):
        if self.failure is not None:
            raise self.failure
        batches = await super().getmany(timeout_ms=timeout_ms, max_records=max_records)
        if not batches:
            self.at_end()
        await asyncio.sleep(0)
        return batches


@dataclass
class Store:
    """Rows that are kept, and the failures to come."""

    rows: list[int] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    async def keep(self, rows: Sequence[int]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        if TOO_LARGE in rows:
            raise OverflowError("value out of range")
        self.batches.append(len(rows))
        self.rows += rows


@dataclass
class KeptClaims:
    """Claims as a database keeps them."""

    met: list[Met] = field(default_factory=list)

    async def load(self) -> Fences:
        fences = Fences()
        for place, claim in self.met:
            fences.learn(place, claim)
        return fences

    async def keep(self, met: Sequence[Met]) -> None:
        self.met += met


def convert(event: AnyEvent, broker: str | None) -> list[int]:
    assert broker is None
    price = event.data.price_paise
    if price == REFUSED:
        raise RefusedEventError("a price that nobody takes")
    if price == FATAL:
        raise ZeroDivisionError("in the middle of it")
    return [price]


class Sink:
    """A sink on a log in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log = MemoryLog()
        self.store = Store()
        self.claims = KeptClaims()
        self.consumer = Consumer(self.log)
        producer = MemoryProducer(self.log)
        settings = ServiceSettings(service=ServiceSection(name="history", group="alpha-panda.history", reads=(NAME,)))
        lines = LogQueue(10)
        self.process = Process(settings, lines)
        lines.close()
        self.consumer.at_end = self.process.stopping.set

        async def connected(*_: object) -> None:
            return None

        @contextlib.asynccontextmanager
        async def reader(_: object):  # noqa: ANN202 - a consumer
            yield MemoryConsumer(self.log)

        monkeypatch.setattr(module, "make_consumer", lambda *_, **__: self.consumer)
        monkeypatch.setattr(module, "make_producer", lambda *_: producer)
        monkeypatch.setattr(module, "start_client", connected)
        monkeypatch.setattr(module, "recovery_reader", reader)

    def feed(self, *prices: int) -> None:
        for price in prices:
            self.log.append(NAME, encode(tick(price), Origin(source="market-feed")))

    def write(self, price: int, fence: int) -> None:
        """A task with owners writes it."""
        self.log.append(NAME, encode(tick(price), Origin(source=TASK, fence=fence)))

    def claim(self, fence: int) -> None:
        data = OwnershipTaken(task=TASK, fence=fence, owner="here:1")
        event = Event(id=f"claim {fence}", event_time=moment(0), data=data, key=TASK, correlation_id="claim")
        self.log.append(NAME, encode(event, Origin(source=TASK, fence=fence)))

    async def run(self) -> None:
        self.process.stopping.clear()
        await SinkService(self.process, convert, self.store.keep, self.claims).run()

    @property
    def letters(self) -> list[tuple[int, str]]:
        headers = [dict(record.headers) for record in self.log.records(LETTERS)]
        return [(int(each["panda-offset"]), each["panda-reason"].decode()) for each in headers]

    @property
    def committed(self) -> int:
        return self.consumer.committed_offsets[PARTITION]


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Sink:
    return Sink(monkeypatch)


async def test_everything_is_stored_in_batches_and_committed(sink: Sink):
    sink.feed(1, 2, 3)
    await sink.run()
    assert (sink.store.rows, sink.store.batches, sink.committed) == ([1, 2, 3], [3], 3)


async def test_what_a_replaced_owner_wrote_is_not_stored_also_after_a_restart(sink: Sink):
    sink.claim(1)
    sink.write(1, fence=1)
    sink.claim(2)
    sink.write(2, fence=1)
    sink.write(3, fence=2)
    await sink.run()
    sink.write(4, fence=1)
    sink.write(5, fence=2)
    await sink.run()
    assert sink.store.rows == [1, 3, 5]
    assert sink.letters == []
    assert {name: sink.process.metrics.outcomes[name] for name in ("fenced", "ownership", "processed")} == {
        "fenced": 2,
        "ownership": 2,
        "processed": 3,
    }


async def test_a_restart_goes_on_after_what_was_committed(sink: Sink):
    sink.feed(1, 2)
    await sink.run()
    sink.feed(3)
    await sink.run()
    assert (sink.store.rows, sink.committed) == ([1, 2, 3], 3)


async def test_a_record_that_cannot_become_rows_is_set_aside_and_the_rest_stored(sink: Sink):
    sink.feed(1, REFUSED, 2, FATAL)
    sink.log.append(NAME, b"no JSON")
    await sink.run()
    assert sink.store.rows == [1, 2]
    assert [offset for offset, _ in sink.letters] == [1, 3, 4]
    assert sink.letters[1][1] == "processing failed: ZeroDivisionError: in the middle of it"
    assert sink.committed == 5


async def test_a_record_that_the_store_cannot_hold_is_set_aside_alone(sink: Sink):
    sink.feed(1, TOO_LARGE, 2)
    await sink.run()
    assert sink.store.rows == [1, 2]
    assert sink.letters == [(1, "it cannot be stored: OverflowError: value out of range")]


async def test_a_dead_letter_is_written_once_also_when_its_record_is_read_again(sink: Sink):
    sink.feed(1, REFUSED)
    await sink.run()
    sink.consumer.committed_offsets.clear()
    await sink.run()
    assert len(sink.letters) == 1


async def test_a_store_that_is_away_for_a_moment_loses_nothing(sink: Sink):
    sink.store.failures = [TransientError("away"), TransientError("away")]
    sink.feed(1, 2)
    await sink.run()
    assert (sink.store.rows, sink.committed) == ([1, 2], 2)


async def test_a_store_that_refuses_ends_the_service_before_anything_is_committed(sink: Sink):
    sink.store.failures = [AuthenticationError("no right")]
    sink.feed(1)
    with pytest.raises(AuthenticationError):
        await sink.run()
    assert sink.consumer.committed_offsets == {}
    assert sink.letters == []


async def test_an_error_of_kafka_is_told_in_our_words(sink: Sink):
    sink.consumer.failure = kafka_errors.TopicAuthorizationFailedError(NAME)
    with pytest.raises(AuthenticationError):
        await sink.run()
