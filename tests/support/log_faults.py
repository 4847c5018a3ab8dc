"""Faults to plant in a clean log: each changes what a checker is there to find."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
from tests.support.logged_run import (
    GROUP,
    OTHER,
    added,
    again,
    changed,
    claimed,
    end_of,
    record_of,
    replaced,
    without,
)
from tests.support.trading import BROKER

from alpha_panda.checker.model import Log, Record
from alpha_panda.events.topics import (
    ORDERS_ACK,
    ORDERS_FILLED,
    SIGNALS_VALIDATED,
    TICKS,
    Topic,
    dead_letter_topic,
)

Fault = Callable[[Log], Log]
PAPER = f"{BROKER}.paper-trading"
LETTERS = dead_letter_topic(TICKS.name)


def data(topic: Topic, index: int, **values: Any) -> Fault:  # noqa: ANN401 — JSON
    """Change fields of an event's data."""
    return lambda log: changed(log, topic, index, lambda value: value["data"].update(values))


def header(topic: Topic, index: int, **values: Any) -> Fault:  # noqa: ANN401 — JSON
    """Change fields of an event's envelope."""
    return lambda log: changed(log, topic, index, lambda value: value.update(values))


def order(topic: Topic, index: int, **values: Any) -> Fault:  # noqa: ANN401 — JSON
    """Change terms of the order in an event."""
    return lambda log: changed(log, topic, index, lambda value: value["data"]["order"].update(values))


def lost(topic: Topic, index: int) -> Fault:
    return lambda log: without(log, topic, index)


def twice(topic: Topic, index: int) -> Fault:
    return lambda log: again(log, topic, index)


def swapped(topic: Topic, one: int, other: int) -> Fault:
    """Two records in each other's place."""

    def swap(log: Log) -> Log:
        first, second = record_of(log, topic, one), record_of(log, topic, other)
        log = replaced(log, first, msgspec.structs.replace(second, offset=first.offset))
        return replaced(log, second, msgspec.structs.replace(first, offset=second.offset))

    return swap


def moved(topic: Topic, index: int, name: str) -> Fault:
    """A record on a topic where it does not belong."""

    def move(log: Log) -> Log:
        record = record_of(log, topic, index)
        return replaced(log, record, msgspec.structs.replace(record, topic=name, offset=9_999))

    return move


def both(*faults: Fault) -> Fault:
    def plant(log: Log) -> Log:
        for fault in faults:
            log = fault(log)
        return log

    return plant


def ledger(**sums: int) -> Fault:
    def plant(log: Log) -> Log:
        found = log.ledger[BROKER]
        changes = {name: found[name] + by for name, by in sums.items()}
        return msgspec.structs.replace(log, ledger={BROKER: found | changes})

    return plant


def unreadable(log: Log) -> Log:
    """A tick that is no JSON, which the group has passed."""
    log = added(log, Record(topic=TICKS.name, partition=0, offset=44, key=b"1", value=b"{"))
    return msgspec.structs.replace(log, committed={GROUP: {(TICKS.name, 0): 45}})


def letter(
    offset: int = 44, value: bytes = b"{", at: int = 0, topic: str = LETTERS, group: str = GROUP, **more: bytes
) -> Fault:
    headers = {
        "panda-group": group.encode(),
        "panda-topic": TICKS.name.encode(),
        "panda-partition": b"0",
        "panda-offset": str(offset).encode(),
        **more,
    }
    record = Record(topic=topic, partition=0, offset=at, key=b"1", value=value, headers=tuple(headers.items()))
    return lambda log: added(log, record)


def foreign(log: Log) -> Log:
    """A well-formed tick of an instrument that nobody knows."""
    return changed(log, TICKS, -1, lambda value: value["data"].update(instrument_token=999))


def second_broker(log: Log) -> Log:
    """A copy of a raw signal on another Broker's topic, and a verdict on it that names the first Broker's signal."""
    verdict = record_of(log, SIGNALS_VALIDATED, 0)
    value = json.loads(verdict.value or b"")
    value["broker"] = OTHER
    name = SIGNALS_VALIDATED.full_name(OTHER)
    return added(log, msgspec.structs.replace(verdict, topic=name, offset=0, value=json.dumps(value).encode()))


def two_owners(log: Log) -> Log:
    """One fence on two partitions, claimed by different processes."""
    return claimed(claimed(log, ORDERS_FILLED, PAPER, 1, "here:1"), ORDERS_ACK, PAPER, 1, "there:2")


def written(fence: int | None, count: int = 1) -> Fault:
    """Copies of a fill under this fence at the end of their topic, each with an id of its own."""

    def write(log: Log) -> Log:
        for number in range(count):
            record = record_of(log, ORDERS_FILLED, 1)
            value = json.loads(record.value or b"") | {"fence": fence, "id": f"copy {number}"}
            offset = end_of(log, ORDERS_FILLED)
            log = added(log, msgspec.structs.replace(record, offset=offset, value=json.dumps(value).encode()))
        return log

    return write


def taken(fence: int) -> Fault:
    return lambda log: claimed(log, ORDERS_FILLED, PAPER, fence)
