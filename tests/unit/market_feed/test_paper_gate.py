"""The feed waits for the trading of every Paper Broker, and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured
from alpha_panda.events.envelope import Event
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.topics import CONTROL_QUARANTINE
from alpha_panda.market_feed.paper_gate import PaperGate

TASKS = {"paper.paper-trading": "paper", "second.paper-trading": "second"}


def change(data: Any) -> AnyEvent:  # noqa: ANN401 - any event's data
    return Event(id="i", event_time=datetime(2026, 1, 5, tzinfo=UTC), data=data, key="k", correlation_id="c")


def configured(name: str, kind: str | None = "Paper") -> AnyEvent:
    spec = None if kind is None else {"type": kind}
    return change(BrokerConfigured(name=name, uid=name, generation=1, spec=spec))


def close(gate: PaperGate, task: str, epoch: int) -> None:
    gate.saw_marker(EpochClosed(task=task, epoch=epoch, outputs={}, control={}), TASKS)


def test_without_paper_brokers_nothing_is_waited_for():
    gate = PaperGate()
    gate.saw_control(configured("zerodha", "Zerodha"), 1)
    gate.saw_control(change(StrategyConfigured(name="s", uid="s", generation=1, spec={"type": "Paper"})), 1)
    assert gate.waits_for(1) == ()
    assert gate.brokers == ()


def test_each_paper_broker_is_waited_for_until_its_trading_has_closed_the_epoch():
    gate = PaperGate()
    for name in ("second", "paper"):
        gate.saw_control(configured(name), 1)
    assert gate.waits_for(1) == ("paper", "second")
    close(gate, "paper.paper-trading", 1)
    close(gate, "paper.portfolio", 5)
    assert gate.waits_for(1) == ("second",)
    close(gate, "second.paper-trading", 1)
    assert gate.waits_for(1) == ()
    assert gate.waits_for(2) == ("paper", "second")


def test_a_broker_counts_from_the_epoch_that_goes_out_next():
    gate = PaperGate()
    gate.saw_control(configured("paper"), 5)
    assert gate.waits_for(4) == ()
    assert gate.waits_for(5) == ("paper",)


def test_a_changed_broker_is_waited_for_as_before():
    gate = PaperGate()
    gate.saw_control(configured("paper"), 2)
    gate.saw_control(configured("paper"), 9)
    assert gate.waits_for(2) == ("paper",)


def test_a_deleted_broker_counts_no_more_at_once_and_begins_anew_when_it_comes_back():
    gate = PaperGate()
    gate.saw_control(configured("paper"), 1)
    close(gate, "paper.paper-trading", 3)
    gate.saw_control(configured("paper", None), 4)
    assert gate.waits_for(4) == ()
    gate.saw_control(configured("paper"), 6)
    assert gate.waits_for(5) == ()
    assert gate.waits_for(6) == ("paper",)


@given(st.lists(st.integers(1, 20), min_size=1))
def test_markers_count_whatever_order_they_come_in(epochs: list[int]):
    gate = PaperGate()
    gate.saw_control(configured("paper"), 1)
    for epoch in epochs:
        close(gate, "paper.paper-trading", epoch)
    assert gate.waits_for(max(epochs)) == ()
    assert gate.waits_for(max(epochs) + 1) == ("paper",)


def test_what_any_marker_promises_of_a_control_topic_is_missed_until_it_is_read() -> None:
    gate = PaperGate()
    topic = CONTROL_QUARANTINE.full_name()
    assert not gate.misses({topic: 0})
    for end in (3, 2):
        promise = EpochClosed(task="strategy-runner/0", epoch=1, outputs={topic: {"0": end}, "other": {}}, control={})
        gate.saw_marker(promise, {})
    assert gate.misses({topic: 2})
    assert not gate.misses({topic: 3})
    assert not gate.misses({"another": 0})
