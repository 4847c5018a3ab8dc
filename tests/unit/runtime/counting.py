"""A processor small enough to check by hand, and events for it: ticks whose price is the number that matters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from alpha_panda.domain.processor import AnyEvent, Processor, RefusedEventError
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import event_id, partition_of, tick_id
from alpha_panda.events.market import Bar, Tick, Timeframe
from alpha_panda.events.topics import Topic

TOKEN = 3_050_241
START = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
REFUSED, FATAL = 666, 777
"""Prices that the processor refuses, and that make it fail half-way."""


def moment(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def tick(price: int, second: int = 0, *, token: int = TOKEN, epoch: int | None = None) -> Event[Tick]:
    identity = tick_id(token, moment(second), price)
    return Event(
        id=identity,
        event_time=moment(second),
        data=Tick(instrument_token=token, price_paise=price),
        key=str(token),
        key_instrument=token,
        correlation_id=identity,
        sequence=price,
        epoch=epoch,
    )


def partition(token: int = TOKEN, partitions: int = 1) -> int:
    return partition_of(token, partitions)


class Counting(Processor):
    """Sums prices and says the sum so far as a bar for each tick; keeps what it recalled and when time passed."""

    def __init__(self) -> None:
        self.prices: list[int] = []
        self.recalled: list[str] = []
        self.times: list[datetime] = []

    def on_event(self, event: AnyEvent, topic: Topic) -> Iterator[AnyEvent]:
        _ = topic
        price = event.data.price_paise
        if price == REFUSED:
            raise RefusedEventError("a price that nobody takes")
        self.prices.append(price)
        yield self._sum(event)
        if price == FATAL:
            self.prices.append(-1)
            raise ZeroDivisionError("in the middle of it")

    def on_watermark(self, watermark: datetime) -> tuple[AnyEvent, ...]:
        self.times.append(watermark)
        return ()

    def recall(self, event: AnyEvent, topic: Topic) -> None:
        _ = topic
        self.recalled.append(event.id)

    def diagnostics(self) -> dict[str, int]:
        return {"ticks": len(self.prices)}

    def snapshot(self) -> bytes:
        return msgspec.json.encode([self.prices, self.recalled, self.times])

    def restore(self, state: bytes) -> None:
        self.prices, self.recalled, self.times = msgspec.json.decode(
            state, type=tuple[list[int], list[str], list[datetime]]
        )

    def _sum(self, event: AnyEvent) -> AnyEvent:
        total = sum(self.prices)
        identity = event_id(event.event_time, "sum", event.id)
        return Event(
            id=identity,
            event_time=event.event_time,
            data=Bar(
                instrument_token=TOKEN,
                timeframe=Timeframe.M1,
                start=event.event_time - timedelta(minutes=1),
                end=event.event_time,
                open_paise=total,
                high_paise=total,
                low_paise=total,
                close_paise=total,
                volume=0,
            ),
            key=str(TOKEN),
            key_instrument=TOKEN,
            correlation_id=event.correlation_id,
            causation_id=event.id,
        )
