"""In a replay a halt stops the entries of the epoch that names its version, however things arrive."""

from __future__ import annotations

from itertools import permutations

import pytest
from tests.support.memory_log import MemoryLog
from tests.support.trading import ACME, BROKER, ends, entry, halt, legs, paper

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import HaltScope
from alpha_panda.events.envelope import Origin, encode
from alpha_panda.events.orders import Leg
from alpha_panda.events.topics import CONTROL_TRADING, SIGNALS_VALIDATED, Topic
from alpha_panda.runtime.inbox import Inbox, Input, Item

CONTROL_INPUT = Input(topic=CONTROL_TRADING)
SIGNALS_INPUT = Input(topic=SIGNALS_VALIDATED, lag=1)
EPOCH = 7
ARRIVALS = tuple(permutations(("halt", "entry")))


def said(arrivals: tuple[str, ...], *, named: bool) -> list[AnyEvent]:
    """What trading does in the epoch after that of an entry's validation, with a halt that it names or not."""
    log, inbox, market = MemoryLog(), Inbox(lambda token: token == ACME, 1), paper()
    control, signals = CONTROL_TRADING.full_name(), SIGNALS_VALIDATED.full_name(BROKER)

    def read(name: str, topic: Topic, event: AnyEvent, epoch: int | None) -> Item:
        record = log.append(name, encode(event, Origin(source="test"), epoch), key=event.key.encode())
        item = inbox.understand(record, CONTROL_INPUT if topic is CONTROL_TRADING else SIGNALS_INPUT)
        assert isinstance(item, Item)
        return item

    for what in arrivals:
        if what == "halt":
            inbox.hold_control(read(control, CONTROL_TRADING, halt(HaltScope.ALL), None))
        else:
            assert inbox.hold(read(signals, SIGNALS_VALIDATED, entry("10:00:00", 10), EPOCH), EPOCH) is None
    items, late = inbox.take(EPOCH + 1, {control: 1 if named else 0}, {(signals, 0): 1})
    assert not late
    return [out for item in items for out in market.on_event(item.event, item.input.topic)]


@pytest.mark.parametrize("arrivals", ARRIVALS)
def test_a_halt_that_the_epoch_names_refuses_what_was_validated_before_it(arrivals: tuple[str, ...]) -> None:
    assert ends(said(arrivals, named=True)) == [(Leg.ENTRY, "trading_halted")]


@pytest.mark.parametrize("arrivals", ARRIVALS)
def test_a_halt_that_only_a_later_epoch_names_does_not_though_it_was_read_already(arrivals: tuple[str, ...]) -> None:
    assert legs(said(arrivals, named=False))[0] == ("Submitted", Leg.ENTRY, 10)
