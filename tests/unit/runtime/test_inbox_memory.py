"""What an inbox remembers for deduplication ends: a service that runs for months does not grow with its log."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from aiokafka import ConsumerRecord

from alpha_panda.events.control import TradingResumed
from alpha_panda.events.envelope import Event
from alpha_panda.events.topics import ORDERS_FILLED
from alpha_panda.runtime.inbox import Inbox, Input, Item, Outcome

REMEMBERED = 50_000
"""Ids that an inbox remembers of a live run: an hour of orders at the highest rate that an account may have."""
SOURCE = Input(topic=ORDERS_FILLED)
AT = datetime(2026, 6, 2, 4, tzinfo=UTC)


def item(identity: str) -> Item:
    """An event of that id; its content plays no part."""
    event = Event(id=identity, event_time=AT, data=TradingResumed, key="1", correlation_id=identity)
    record = ConsumerRecord(ORDERS_FILLED.full_name("paper"), 0, 0, 0, 0, b"1", b"", None, 0, 0, ())
    return Item(event=event, input=SOURCE, record=record)


def test_an_id_is_a_duplicate_until_so_many_others_came_and_is_forgotten_then() -> None:
    room = Inbox(lambda _: True, 1)
    names = (f"id {number}" for number in count())
    first = next(names)

    assert room.admit(item(first)) is None
    assert room.admit(item(first)) is Outcome.DUPLICATE
    for _ in range(REMEMBERED):
        assert room.admit(item(next(names))) is None
    assert room.admit(item(first)) is None
