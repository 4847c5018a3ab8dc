"""The waiting room of a task: what is understood, what waits, what is a duplicate, and in which order all leaves."""

from __future__ import annotations

import random

import msgspec
import pytest
from aiokafka import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st
from tests.support.memory_log import MemoryLog
from tests.unit.runtime.counting import TOKEN, moment, tick

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import BrokerConfigured
from alpha_panda.events.envelope import Event, Origin, encode
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.topics import BARS, CONTROL_BROKERS, PNL_SNAPSHOTS, TICKS, Topic
from alpha_panda.runtime.inbox import Inbox, Input, Item, Outcome, Refused

ORIGIN = Origin(source="somebody")
SOURCE = Input(topic=TICKS)


class Room:
    """An inbox and the log that its records come from."""

    def __init__(self, partitions: int = 1) -> None:
        self.inbox = Inbox(lambda token: token == TOKEN, partitions)
        self.log = MemoryLog()

    def record(self, event: AnyEvent, topic: Topic = TICKS, partition: int = 0) -> ConsumerRecord:
        value = encode(event, ORIGIN, event.epoch)
        return self.log.append(topic.full_name(), value, key=event.key.encode(), partition=partition)

    def item(self, event: AnyEvent, source: Input = SOURCE) -> Item:
        item = self.inbox.understand(self.record(event, source.topic), source)
        assert isinstance(item, Item)
        return item

    def hold(self, event: AnyEvent, next_epoch: int | None = 1, source: Input = SOURCE) -> Outcome | Refused | None:
        return self.inbox.hold(self.item(event, source), next_epoch)

    def take(self, epoch: int, end: int = 1000, control: int = 0) -> list[Item]:
        ends = {(TICKS.full_name(), 0): end}
        taken, late = self.inbox.take(epoch, {CONTROL_BROKERS.full_name(): control}, ends)
        assert not late
        return taken


def refusal(room: Room, record: ConsumerRecord) -> str:
    refused = room.inbox.understand(record, SOURCE)
    assert isinstance(refused, Refused)
    assert refused.record is record
    return refused.reason


def changed(value: bytes, **changes: object) -> bytes:
    return msgspec.json.encode({**msgspec.json.decode(value), **changes})


def account_event(broker: str) -> AnyEvent:
    data = PnlSnapshot(
        starting_cash_paise=1,
        cash_paise=1,
        cost_paise=0,
        realised_paise=0,
        charges_paise=0,
        unrealised_paise=0,
        equity_paise=1,
        fills=0,
        positions=(),
    )
    return Event(id="an-id", event_time=moment(1), data=data, key=broker, correlation_id="an-id", broker=broker)


GOOD = encode(tick(5, epoch=1), ORIGIN, 1)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no value"),
        (b"", "no value"),
        (b"\xff\xfe", "not an event envelope"),
        (b"{", "not an event envelope"),
        (b"[" * 100_000, "not an event envelope"),
        (changed(GOOD, type="Ticket"), "unknown event type 'Ticket'"),
        (changed(GOOD, version=2), "event version 2"),
        (changed(GOOD, more=1), "unknown field `more`"),
        (changed(GOOD, event_time="2026-01-05T04:00:00"), "without an offset from UTC"),
        (changed(GOOD, data={"instrument_token": TOKEN, "price_paise": 0}), "not a Tick"),
        (changed(GOOD, data={"instrument_token": TOKEN, "price_paise": -5}), "not a Tick"),
        (changed(GOOD, data={"instrument_token": TOKEN, "price_paise": 1.5}), "not a Tick"),
        (GOOD.replace(b'"price_paise":5', b'"price_paise":NaN'), "not an event envelope"),
        (changed(GOOD, data={"instrument_token": TOKEN}), "missing required field `price_paise`"),
        (changed(GOOD, data={"instrument_token": 77, "price_paise": 5}), "77 is not in the instrument table"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_reason(value: bytes | None, reason: str):
    room = Room()
    assert reason in refusal(room, room.log.append(TICKS.full_name(), value))


def test_a_record_without_a_key_is_refused():
    room = Room()
    assert refusal(room, room.log.append(TICKS.full_name(), GOOD, key=None)) == "the record has no key"


def test_a_key_that_is_no_text_is_refused():
    room = Room()
    assert "the key is not UTF-8" in refusal(room, room.log.append(TICKS.full_name(), GOOD, key=b"\xff"))


def test_an_event_on_another_kinds_topic_is_refused():
    room = Room()
    record = room.log.append(BARS.full_name(), GOOD)
    refused = room.inbox.understand(record, Input(topic=BARS))
    assert isinstance(refused, Refused)
    assert "Tick does not belong on market.bars" in refused.reason  # house: topic: the reason as people read it


@pytest.mark.parametrize(("broker", "prefix"), [(None, ""), ("second", ""), ("second", "test_"), ("aper", "test_")])
def test_an_event_of_no_broker_or_another_is_refused(broker: str | None, prefix: str):
    room = Room()
    source = Input(topic=PNL_SNAPSHOTS)
    value = encode(account_event("paper"), Origin(source="somebody"))
    name = PNL_SNAPSHOTS.full_name("paper", prefix)
    assert isinstance(room.inbox.understand(room.log.append(name, value), source), Item)
    refused = room.inbox.understand(room.log.append(name, changed(value, broker=broker)), source)
    assert isinstance(refused, Refused)
    assert f"broker {broker!r}, but {name} is of 'paper'" in refused.reason


def test_an_event_on_another_instruments_partition_is_refused():
    room = Room(partitions=4)
    reasons = [
        room.inbox.understand(room.log.append(TICKS.full_name(), GOOD, partition=number), SOURCE) for number in range(4)
    ]
    assert sum(isinstance(each, Refused) for each in reasons) == 3, "an instrument has one partition"


def test_in_a_replay_a_record_without_an_epoch_is_refused():
    room = Room()
    refused = room.hold(tick(5))
    assert isinstance(refused, Refused)
    assert "no epoch" in refused.reason


def test_a_record_waits_for_its_epoch_and_leaves_once():
    room = Room()
    assert room.hold(tick(5, epoch=2)) is None
    assert room.take(1) == []
    assert [item.event.id for item in room.take(2)] == [tick(5).id]
    assert room.take(2) == []


def test_a_second_record_of_one_id_is_a_duplicate():
    room = Room()
    assert room.hold(tick(5, epoch=2)) is None
    assert room.hold(tick(5, epoch=2)) is Outcome.DUPLICATE
    assert len(room.take(2)) == 1


def test_a_record_of_a_closed_epoch_is_a_duplicate():
    assert Room().hold(tick(5, epoch=2), next_epoch=3) is Outcome.DUPLICATE


def test_with_a_lag_a_record_is_taken_an_epoch_later():
    room, lagging = Room(), Input(topic=TICKS, lag=1)
    assert room.hold(tick(5, epoch=2), next_epoch=3, source=lagging) is None
    assert room.hold(tick(6, epoch=1), next_epoch=3, source=lagging) is Outcome.DUPLICATE
    assert len(room.take(3)) == 1


def test_what_belongs_to_epochs_before_the_first_is_forgotten_and_counted():
    room = Room()
    for epoch in (1, 2, 2, 3):
        room.hold(tick(100 + len(room.log.records(TICKS.full_name())), epoch=epoch), next_epoch=None)
    assert room.inbox.discard_before(3) == 3
    assert len(room.take(3)) == 1


def test_a_record_after_the_end_that_the_markers_promise_is_late():
    room = Room()
    room.hold(tick(5, 1, epoch=1))
    room.hold(tick(6, 0, epoch=1))
    in_time, late = room.inbox.take(1, {}, {(TICKS.full_name(), 0): 1})
    assert [item.event.data.price_paise for item in in_time] == [5]
    assert [item.event.data.price_paise for item in late] == [6]


def test_after_the_final_epoch_what_is_left_is_refused():
    room = Room()
    room.hold(tick(5, epoch=9))
    assert [refused.reason for refused in room.inbox.rest()] == ["epoch 9 is after the last of this run"]
    assert room.inbox.rest() == []


def test_the_oldest_offset_that_waits_is_known_by_partition():
    room = Room()
    for price, epoch in ((1, 3), (2, 2), (3, 4)):
        room.hold(tick(price, epoch=epoch))
    assert room.inbox.oldest() == {(TICKS.full_name(), 0): 0}
    room.take(3)
    assert room.inbox.oldest() == {(TICKS.full_name(), 0): 1}


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 3)), min_size=1, unique=True), st.randoms())
def test_an_epochs_records_leave_in_one_order_however_they_came(ticks: list[tuple[int, int]], chance: random.Random):
    def leave(order: list[tuple[int, int]]) -> list[str]:
        room = Room()
        for price, second in order:
            room.hold(tick(price, second, epoch=1))
        return [item.event.id for item in room.take(1)]

    shuffled = ticks.copy()
    chance.shuffle(shuffled)
    expected = sorted(ticks, key=lambda each: (each[1], each[0]))
    assert leave(shuffled) == leave(ticks) == [tick(price, second).id for price, second in expected]


def test_phases_go_in_turn_whatever_the_event_times():
    room = Room()
    room.hold(tick(1, 0, epoch=1), source=Input(topic=TICKS, phase=1))
    room.hold(tick(2, 9, epoch=1), source=Input(topic=TICKS, phase=0))
    assert [item.event.data.price_paise for item in room.take(1)] == [2, 1]


def control(name: str, second: int) -> Event[BrokerConfigured]:
    return Event(
        id=f"{name}-{second}",
        event_time=moment(second),
        data=BrokerConfigured(name=name, uid="u", generation=1, spec=None),
        key=name,
        correlation_id="c",
    )


def test_control_changes_come_before_all_else_in_the_epoch_that_names_them():
    room = Room()
    for name, second in (("a", 50), ("b", 40), ("c", 1)):
        room.inbox.hold_control(room.item(control(name, second), Input(topic=CONTROL_BROKERS)))
    room.hold(tick(5, 0, epoch=1))
    first = room.take(1, control=2)
    assert [item.event.key for item in first] == ["b", "a", str(TOKEN)]
    assert [item.event.key for item in room.take(2, control=3)] == ["c"]


def admitted(room: Room, event: AnyEvent, source: Input = SOURCE) -> bool:
    return room.inbox.admit(room.item(event, source)) is None


def test_without_epochs_a_tick_that_is_not_newer_than_the_last_is_a_duplicate():
    room = Room()
    assert [admitted(room, tick(sequence)) for sequence in (1, 2, 2, 1, 3)] == [True, True, False, False, True]


def test_a_jump_in_sequence_does_not_mute_an_instrument():
    room = Room()
    wild = msgspec.structs.replace(tick(5, 10), sequence=2**60)
    found = [admitted(room, event) for event in (tick(1, 9), wild, tick(2, 11), tick(3, 10))]
    assert found == [True, True, True, False]


def test_a_live_tick_of_the_future_is_refused_and_mutes_nobody():
    room = Room()
    room.inbox = Inbox(lambda token: token == TOKEN, 1, now=lambda: moment(0))
    assert "which is yet to come" in refusal(room, room.record(tick(1, 7_201)))
    assert admitted(room, tick(2, 5))
    assert admitted(room, tick(3, 7_200)), "a clock may be wrong by an hour"


def test_services_that_count_late_ticks_themselves_get_them_all():
    room, source = Room(), Input(topic=TICKS, in_sequence=False)
    assert all(admitted(room, tick(sequence), source) for sequence in (2, 2, 1))


def test_without_epochs_an_event_of_a_known_id_is_a_duplicate():
    room, source = Room(), Input(topic=CONTROL_BROKERS)
    assert [admitted(room, control(name, 1), source) for name in ("a", "a", "b")] == [True, False, True]
