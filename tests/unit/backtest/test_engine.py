"""The backtest's engine runs the services' cores in the order of a replay, and says what they say."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.trading import ACME, BOLT, price, signal, validated

from alpha_panda.backtest.desk import in_order
from alpha_panda.backtest.engine import Engine
from alpha_panda.backtest.parity import Fault, compare
from alpha_panda.backtest.setup import make_setup
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.orders import Leg, OrderFilled
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.events.signals import SignalValidated
from alpha_panda.market_feed.sources.replay import ReplayOptions, ReplaySource
from alpha_panda.runtime.inbox import Input, Item

EXAMPLES = Path(__file__).parents[3] / "examples"


def engine_of_examples() -> tuple[Engine, ReplaySource]:
    instruments, calendar = load_instruments(None), default_calendar()
    setup = make_setup([each.resource for each in read_resources([str(EXAMPLES)])])
    source = ReplaySource(ReplayOptions(path=EXAMPLES / "market"), instruments, calendar)
    return Engine(setup.names, setup.configured(), instruments, calendar), source


def day() -> list[AnyEvent]:
    engine, source = engine_of_examples()
    said: list[AnyEvent] = []
    engine.run(source.epochs(), said.append, said.append)
    assert not engine.set_aside
    assert not engine.problems
    return said


@pytest.fixture(scope="module")
def said() -> list[AnyEvent]:
    return day()


EVENTS = st.builds(
    lambda second, paise, token, sequence, kind: _made(f"10:00:{second:02}", paise, token, sequence, kind),
    st.integers(0, 3),
    st.integers(100, 103),
    st.sampled_from((ACME, BOLT)),
    st.integers(1, 3),
    st.sampled_from(("tick", "raw", "validated")),
)


def _made(clock: str, paise: int, token: int, sequence: int, kind: str) -> AnyEvent:
    if kind == "tick":
        return price(clock, paise, token=token, sequence=sequence)
    raw = signal(clock, n=paise, instrument_token=token)
    return raw if kind == "raw" else validated(raw, sequence)


@given(st.lists(EVENTS, max_size=12))
def test_events_go_in_the_order_in_which_a_task_takes_them(events: list[AnyEvent]):
    items = [
        Item(event=each, input=Input(topic=EVENT_TOPICS[type(each.data)]), record=cast("Any", SimpleNamespace()))
        for each in events
    ]
    assert in_order(events) == [item.event for item in sorted(items, key=lambda item: item.order)]


def test_the_day_of_the_examples_is_traded_as_the_services_trade_it(said: list[AnyEvent]):
    """The fills that `panda up` prints for the same day."""
    fills = [(each.event_time, each.data) for each in said if isinstance(each.data, OrderFilled)]
    assert [fill.order.leg for _, fill in fills].count(Leg.STOP) == 2
    assert [fill.order.leg for _, fill in fills].count(Leg.TARGET) == 2
    assert len(fills) == 22
    when, first = fills[0]
    assert (when.isoformat(), first.order.strategy) == ("2019-07-09T04:02:01+00:00", "momentum")
    assert (first.quantity, first.price_paise, first.charges.total_paise) == (416, 9_565, 1_677)
    when, last = fills[-1]
    assert (when.isoformat(), last.order.leg) == ("2019-07-09T09:09:40+00:00", Leg.TARGET)
    assert (last.quantity, last.price_paise, last.charges.total_paise) == (487, 9_090, 1_865)


def test_an_order_meets_no_tick_of_the_epoch_in_which_it_was_validated(said: list[AnyEvent]):
    validated_in = {each.data.signal_id: each.epoch for each in said if isinstance(each.data, SignalValidated)}
    for each in said:
        if isinstance(each.data, OrderFilled):
            assert (each.epoch or 0) > (validated_in[each.data.order.signal_id] or 0)


def test_two_runs_say_the_same(said: list[AnyEvent]):
    again = compare(said, day())
    assert again.agrees
    assert again.equal["OrderFilled"] == 22


def test_a_comparison_names_what_is_missing_extra_or_different(said: list[AnyEvent]):
    fills = [each for each in said if isinstance(each.data, OrderFilled)]
    changed = replace(fills[1], data=replace(fills[1].data, price_paise=1))
    found = compare(fills[:3], [fills[0], changed, fills[3]]).differences
    assert [(each.fault, each.id, each.field) for each in found] == [
        (Fault.DIFFERENT, fills[1].id, "data.price_paise"),
        (Fault.MISSING, fills[2].id, ""),
        (Fault.EXTRA, fills[3].id, ""),
    ]
    assert (found[0].backtest, found[0].services) == (fills[1].data.price_paise, 1)


def test_nothing_compared_is_no_agreement():
    assert not compare([], []).agrees
