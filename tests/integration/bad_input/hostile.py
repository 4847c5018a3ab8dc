"""Records that no service should meet, written to the log with the administrator's credentials."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from alpha_panda.events.ids import partition_of
from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import Ports
from alpha_panda.runtime.kafka import make_producer, start_client
from alpha_panda.runtime.settings import KafkaSettings

YESBANK = 3050241
MOMENT = datetime(2019, 7, 9, 5, 0, tzinfo=UTC)
DEEP = 100_000


@dataclass(frozen=True)
class Hostile:
    """A record, and words of the reason that its dead letter must give."""

    name: str
    value: bytes | None
    reason: str
    key: bytes | None = b"3050241"
    partition: int = 0


def envelope(data: object, kind: str = "Tick", **changes: object) -> bytes:
    """An event as a service would write it, with what a test changes in it."""
    whole: dict[str, Any] = {
        "id": "0197f0f0-0000-7000-8000-000000000001",
        "type": kind,
        "timestamp": MOMENT.isoformat(),
        "event_time": MOMENT.isoformat(),
        "correlation_id": "0197f0f0-0000-7000-8000-000000000001",
        "causation_id": None,
        "source": "a stranger",
        "version": 1,
        "epoch": 100_000,
        "sequence": 1,
        "data": data,
    }
    return json.dumps({**whole, **changes}).encode()


def tick(**changes: object) -> bytes:
    """A tick with what a test changes in its data."""
    return envelope({"instrument_token": YESBANK, "price_paise": 9500, "volume": 1, **changes})


def unreadable() -> tuple[Hostile, ...]:
    """What no topic takes: bytes that are no event."""
    nested = tick(volume="HERE").replace(b'"HERE"', b"[" * DEEP + b"]" * DEEP)
    return (
        Hostile("malformed JSON", b"{not json", "not an event envelope"),
        Hostile("an empty value", b"", "no value"),
        Hostile("a tombstone", None, "no value"),
        Hostile("binary", bytes(range(256)), "not an event envelope"),
        Hostile("a JSON list", b"[1, 2]", "Expected `object`"),
        Hostile("another schema", b'{"price": 1}', "not an event envelope"),
        Hostile("a field too many", envelope({}, surprise=1), "unknown field"),
        Hostile("an unknown type", envelope({}, kind="Rumour"), "unknown event type 'Rumour'"),
        Hostile("another version", envelope({}, version=2), "event version 2"),
        Hostile("a naive time", envelope({}, event_time="2019-07-09T05:00:00"), "offset from UTC"),
        Hostile("a time before ids begin", envelope({}, event_time="0001-01-01T00:00:00+14:00"), "years 1970"),
        Hostile("a time that overflows", envelope({}, event_time="9999-12-31T23:59:59-14:00"), "years 1970"),
        Hostile("an epoch of 200 digits", envelope({}, epoch=10**200), "epoch 1000"),
        Hostile("a negative epoch", envelope({}, epoch=-1), "epoch -1"),
        Hostile("a sequence beyond 64 bits", envelope({}, sequence=2**64 - 1), "sequence"),
        Hostile("the character U+0000", envelope({}, source="a\0b"), "U+0000"),
        Hostile("a megabyte", envelope({"text": "x" * 1_000_000}), "not a Tick"),
        Hostile("nesting without end", nested, "recursion"),
    )


def wrong_ticks(partitions: int, right: int) -> tuple[Hostile, ...]:
    """Events that are whole and wrong as ticks."""
    nan = tick(price_paise="HERE").replace(b'"HERE"', b"NaN")
    found = (
        Hostile("NaN as a price", nan, "not an event envelope"),
        Hostile("a negative price", tick(price_paise=-5), "price_paise"),
        Hostile("a price of zero", tick(price_paise=0), "price_paise"),
        Hostile("a price in rupees", tick(price_paise=95.05), "price_paise"),
        Hostile("an endless price", tick(price_paise=10**30), "price_paise"),
        Hostile("no key", tick(), "no key", key=None),
        Hostile("a key that is not UTF-8", tick(), "not UTF-8", key=b"\xff\xfe"),
        Hostile("a marker among ticks", _marker(), "does not belong on"),
    )
    placed = [Hostile(each.name, each.value, each.reason, each.key, right) for each in found]
    if partitions > 1:
        wrong = (right + 1) % partitions
        placed.append(Hostile("another's partition", tick(), f"belongs on {right}", partition=wrong))
    return tuple(placed)


def replay_ticks(partitions: int) -> tuple[Hostile, ...]:
    """Ticks that a replay by epochs cannot place."""
    right = partition_of(YESBANK, partitions)
    stranger = envelope({"instrument_token": 1, "price_paise": 5}, epoch=3)
    timeless = envelope({"instrument_token": YESBANK, "price_paise": 5}, epoch=None)
    return (
        Hostile(
            "an unknown instrument", stranger, "not in the instrument table", partition=partition_of(1, partitions)
        ),
        Hostile("no epoch", timeless, "no epoch", partition=right),
        Hostile("an epoch after the last", tick(), "after the last", partition=right),
    )


def wrong_specs() -> tuple[Hostile, ...]:
    """Control events whose shape is right and whose spec is no Strategy's."""
    spec = {"strategy": 7, "params": "none"}
    data = {"name": "stranger", "uid": "u", "generation": 1, "spec": spec}
    return (
        Hostile(
            "a spec that is none",
            envelope(data, kind="StrategyConfigured"),
            "spec.strategy: 7 is not a string",
            b"stranger",
        ),
    )


def _marker() -> bytes:
    data = {"task": "market-feed", "epoch": 3, "outputs": {}, "control": {}, "final": False}
    return envelope(data, kind="EpochClosed")


def administrator(data_dir: Path) -> KafkaSettings:
    """The way into a data directory's Kafka."""
    layout = Layout(data_dir)
    return KafkaSettings(
        bootstrap=f"127.0.0.1:{Ports(layout).known('kafka')}",
        username="admin",
        password=SecretStr(layout.secret("kafka-admin")),
    )


async def write(data_dir: Path, topic: str, records: Sequence[Hostile]) -> dict[str, tuple[int, int]]:
    """Write the records to a topic; partition and offset of each by name."""
    settings = administrator(data_dir)
    producer = make_producer(settings)
    await start_client(producer, settings)
    try:
        return {
            each.name: (
                each.partition,
                (await producer.send_and_wait(topic, each.value, key=each.key, partition=each.partition)).offset,
            )
            for each in records
        }
    finally:
        await producer.stop()
