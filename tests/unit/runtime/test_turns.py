"""A task whose decisions depend on what came first takes the turns of its former lives again, in their order."""

from __future__ import annotations

import pytest
from tests.support.live_market import SOURCE, LiveMarket, name_of
from tests.support.trading import broker, broker_spec, entry, fills, halt, legs, price

from alpha_panda.domain.kill_switch import SwitchReading, halt_key
from alpha_panda.events.control import HaltScope
from alpha_panda.events.envelope import MalformedEventError
from alpha_panda.events.orders import Leg
from alpha_panda.events.topics import ORDERS_FILLED, ORDERS_SUBMITTED, SIGNALS_VALIDATED, TICKS
from alpha_panda.runtime.turns import HEADER, Turn, turn_of

HALTED = SwitchReading(halts={halt_key(HaltScope.ALL, ""): halt(HaltScope.ALL).data})
NO_TICKS = {f"{name_of(TICKS)}/{p}": 0 for p in range(2)}
NO_SIGNALS = {f"{name_of(SIGNALS_VALIDATED)}/{p}": 0 for p in range(2)}


@pytest.fixture
async def desk() -> LiveMarket:
    """A live market with an entry and the ticks around it on its log; nothing is read yet."""
    found = LiveMarket()
    found.write([broker(broker_spec()), price("10:00:01", 10_000), entry("10:00:00", 10), price("10:00:02", 10_100)])
    await found.begin()
    return found


async def test_an_entry_that_came_after_a_tick_stays_behind_it(desk: LiveMarket) -> None:
    await desk.turn(**NO_SIGNALS, **dict.fromkeys(NO_TICKS, 1))
    await desk.turn(**NO_TICKS)
    await desk.turn()
    assert fills(desk.said) == [(Leg.ENTRY, 10, 10_100)]
    said = desk.said

    await desk.begin()
    await desk.turn()

    assert desk.said == said
    (book,) = desk.market.state.books.values()
    assert book.trades[0].open == 10


async def test_what_a_crash_left_out_of_a_turn_is_written_with_it(desk: LiveMarket) -> None:
    await desk.turn()
    whole = desk.said
    desk.crash([0] * 12)
    assert desk.said == []
    await desk.begin()
    await desk.turn()
    desk.crash([1] * 12)
    assert 0 < len(desk.said) < len(whole)

    await desk.begin()
    await desk.turn(**NO_TICKS)
    assert len(desk.said) < len(whole), "the turn is not taken before all that it decided on was read"
    await desk.turn()

    assert desk.said == whole


async def test_what_the_switch_had_said_counts_for_what_was_decided_by_it(desk: LiveMarket) -> None:
    desk.switch.reading = HALTED
    await desk.turn()
    refused = legs(desk.said)
    assert refused == [("Failed", Leg.ENTRY, 10)]

    desk.switch.reading = SwitchReading()
    await desk.begin()
    await desk.turn()

    assert legs(desk.said) == refused
    assert desk.market.state.books == {}


async def test_no_snapshot_is_kept_between_two_turns_of_a_former_life(desk: LiveMarket) -> None:
    await desk.turn()
    await desk.begin()
    await desk.turn(**NO_TICKS)
    await desk.snapshot()
    assert desk.kept.last is None
    await desk.turn()
    await desk.snapshot()
    assert desk.kept.last is not None


async def test_turns_whose_inputs_are_gone_are_given_up_and_said(desk: LiveMarket) -> None:
    await desk.turn()
    ends = {where: len(records) for where, records in desk.log.partitions.items()}
    await desk.begin()
    assert desk.task.give_up(ends) == ""
    gone = next(where for where in ends if where.topic == name_of(TICKS))

    said = desk.task.give_up({gone: 1})

    assert f"{gone.topic}/{gone.partition} was read to 2 and ends at 1" in said


async def test_every_output_tells_its_turn(desk: LiveMarket) -> None:
    await desk.turn(**NO_TICKS)
    await desk.turn()
    submitted, filled = (
        [turn_of(record.headers) for p in range(2) for record in desk.log.records(name_of(topic), p)]
        for topic in (ORDERS_SUBMITTED, ORDERS_FILLED)
    )
    first, second = submitted[0], filled[0]
    assert first is not None
    assert second is not None
    assert submitted[1:] == [second], "the stop was placed in the turn of the fill"
    assert first.order < second.order
    assert first.heard is not None
    assert second.heard is None


@pytest.mark.parametrize("value", [b"", b"{}", b"\xff", b'{"since":{"a":{"x":1}},"until":{}}'])
def test_a_header_that_is_no_turn_is_refused(value: bytes) -> None:
    with pytest.raises(MalformedEventError, match=HEADER):
        turn_of([(HEADER, value)])


def test_a_turn_reads_back_as_it_was_written() -> None:
    turn = Turn(since={SOURCE: {0: 5}}, until={SOURCE: {0: 7}})
    assert turn_of(turn.headers) == turn
    assert turn_of([("other", b"")]) is None
