"""What a Broker's log says of orders while the kill switch is pressed, with the time of each record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from alpha_panda.events.control import HaltScope
from alpha_panda.events.envelope import decode, decode_header
from alpha_panda.events.orders import Leg, Order, OrderFailed, OrderSubmitted
from alpha_panda.events.signals import SignalRejected
from alpha_panda.events.topics import ORDERS_FAILED, ORDERS_SUBMITTED, SIGNALS_REJECTED
from benchmarks.clients import Access, consumer

_TOPICS: Final = (ORDERS_SUBMITTED, ORDERS_FAILED, SIGNALS_REJECTED)
_POLL_SECONDS: Final = 0.02
_HALTED: Final = frozenset({"trading_halted", "halts_unreadable"})


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An order or a refusal: when it was written or decided, and what a halt would cover it by."""

    at: float
    strategy: str
    instrument: str


class OrderWatch:
    """Reads on in the background; seconds are the wall's, as on the records."""

    def __init__(self, reader: AIOKafkaConsumer, names: Mapping[int, str], broker: str, *, decided: bool) -> None:
        """`names` are the instruments by token."""
        self._decided = decided
        self._reader = reader
        self._names = names
        self._broker = broker
        self._next: dict[str, int] = {}
        self._entries: list[Seen] = []
        self._exits: list[Seen] = []
        self._refusals: list[Seen] = []

    @classmethod
    @asynccontextmanager
    async def over(
        cls, access: Access, broker: str, names: Mapping[int, str], *, decided: bool = False
    ) -> AsyncIterator[OrderWatch]:
        """Read the Broker's orders from now on, until the end of the block.

        The time of one is that of its record on the log; with `decided`, when its service wrote it, since a
        Kafka that stands still stamps what was on its way to it only when it goes on.
        """
        topics = {topic.full_name(broker): 0 for topic in _TOPICS}
        reader = await consumer(access, topics)
        await reader.seek_to_end()
        watch = cls(reader, names, broker, decided=decided)
        watch._next = {where.topic: await reader.position(where) for where in reader.assignment()}
        reading = asyncio.create_task(watch._read())
        try:
            yield watch
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await reader.stop()

    def entries(self, scope: HaltScope, subject: str, since: float, until: float = float("inf")) -> list[float]:
        """When entries that such a halt covers were submitted."""
        return [each.at for each in self._entries if since < each.at < until and self._covers(each, scope, subject)]

    def exits(self, since: float, until: float) -> int:
        """How many exits were submitted."""
        return sum(since < each.at < until for each in self._exits)

    def refused(self, scope: HaltScope, subject: str, since: float, until: float) -> int:
        """How many entries in scope the kill switch refused."""
        return sum(since < each.at < until and self._covers(each, scope, subject) for each in self._refusals)

    async def catch_up(self) -> None:
        """Wait until what is on the log now was read."""
        ends = await self._reader.end_offsets(self._reader.assignment())
        while any(self._next[where.topic] < end for where, end in ends.items()):  # noqa: ASYNC110 - Kafka's
            await asyncio.sleep(_POLL_SECONDS)

    async def _read(self) -> None:
        while True:
            for where, records in (await self._reader.getmany(timeout_ms=50)).items():
                for record in records:
                    self._note(record)
                self._next[where.topic] = records[-1].offset + 1

    def _note(self, record: ConsumerRecord) -> None:
        envelope = decode_header(record.value)
        data = decode(envelope).data
        at = envelope.timestamp.timestamp() if self._decided else record.timestamp / 1000
        match data:
            case OrderSubmitted(order=order) if order.leg is Leg.ENTRY:
                self._entries.append(self._seen(order, at))
            case OrderSubmitted(order=order):
                self._exits.append(self._seen(order, at))
            case OrderFailed(order=order, code=code) if code in _HALTED:
                self._refusals.append(self._seen(order, at))
            case SignalRejected(signal=signal, code=code) if code in _HALTED:
                name = self._names[signal.instrument_token]
                self._refusals.append(Seen(at=at, strategy=signal.strategy, instrument=name))
            case _:
                pass

    def _seen(self, order: Order, at: float) -> Seen:
        return Seen(at=at, strategy=order.strategy, instrument=self._names[order.instrument_token])

    def _covers(self, seen: Seen, scope: HaltScope, subject: str) -> bool:
        said = {
            HaltScope.STRATEGY: seen.strategy,
            HaltScope.INSTRUMENT: seen.instrument,
            HaltScope.BROKER: self._broker,
        }
        return scope is HaltScope.ALL or said[scope] == subject
