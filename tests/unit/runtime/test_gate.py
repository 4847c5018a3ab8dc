"""An epoch closes when all its input is there, in order, and never before, however things arrive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.runtime.counting import moment

from alpha_panda.events.epochs import EpochClosed
from alpha_panda.runtime.gate import Closing, EpochGate, Partition, Upstream

FEED, BUILDER, RISK = "market-feed", "bar-builder/0", "paper.risk-manager"
UPSTREAM = Upstream(current=(FEED, BUILDER), previous=(RISK,))
INPUTS: frozenset[Partition] = frozenset({("ticks", 0), ("bars", 0), ("verdicts", 0), ("control", 0)})
WRITES = {FEED: "ticks", BUILDER: "bars", RISK: "verdicts"}


def marker(task: str, epoch: int, end: int, *, control: int = 0, final: bool = False) -> EpochClosed:
    """`task` wrote up to `end`, also to a partition that this task does not read."""
    outputs = {WRITES[task]: {"0": end, "1": 10_000}, "elsewhere": {"0": 10_000}}
    return EpochClosed(task=task, epoch=epoch, outputs=outputs, control={"control": control}, final=final)


def gate(last: int | None = None) -> EpochGate:
    return EpochGate(UPSTREAM, FEED, INPUTS, last)


def saw(gate: EpochGate, task: str, epoch: int, end: int = 0, control: int = 0) -> bool:
    return gate.saw_marker(marker(task, epoch, end, control=control), moment(epoch))


def positions(ticks: int = 0, bars: int = 0, verdicts: int = 0, control: int = 0) -> dict[Partition, int]:
    return {("ticks", 0): ticks, ("bars", 0): bars, ("verdicts", 0): verdicts, ("control", 0): control}


def test_a_gate_names_the_tasks_whose_markers_it_waits_for_and_of_an_epoch_not_begun_only_the_feed() -> None:
    waits = gate(last=4)
    assert waits.waits_for == (FEED, RISK)
    saw(waits, RISK, 4)
    assert waits.waits_for == (FEED,)
    saw(waits, FEED, 5)
    assert waits.waits_for == (BUILDER,)
    saw(waits, BUILDER, 5)
    assert waits.waits_for == ()
    waits.closed(5)
    assert waits.waits_for == (FEED, RISK)


def test_a_gate_that_has_not_begun_waits_for_the_feed() -> None:
    assert gate().waits_for == (FEED,)


@dataclass
class Run:
    """Some epochs: the end offset of each task's output after each of them, and of the control topic."""

    ends: dict[str, list[int]]
    controls: list[int]

    @property
    def epochs(self) -> int:
        return len(self.controls)

    def steps(self) -> list[Iterator[EpochClosed | Partition]]:
        """What arrives, in the order of each log: markers by task, records by partition."""
        logs: list[Iterator[EpochClosed | Partition]] = []
        for task, ends in self.ends.items():
            logs.append(
                iter(
                    [
                        marker(task, number, end, control=control, final=number == self.epochs)
                        for number, (end, control) in enumerate(zip(ends, self.controls, strict=True), 1)
                    ]
                )
            )
            logs.append(iter([(WRITES[task], 0)] * ends[-1]))
        logs.append(iter([("control", 0)] * self.controls[-1]))
        return logs


@dataclass
class Reader:
    """A gate that is told of everything in some order, and is asked after each step."""

    gate: EpochGate
    run: Run
    positions: dict[Partition, int] = field(default_factory=dict)
    closings: list[Closing] = field(default_factory=list)
    seen: set[tuple[str, int]] = field(default_factory=set)

    def take(self, step: EpochClosed | Partition) -> None:
        if isinstance(step, EpochClosed):
            self.seen.add((step.task, step.epoch))
            if step.task == FEED and self.gate.next_epoch is None:
                self.gate.begin(step.epoch)
            self.gate.saw_marker(step, moment(step.epoch))
        else:
            self.positions[step] = self.positions.get(step, 0) + 1
        while (closing := self.gate.closing(self.positions)) is not None:
            self.check_not_early(closing)
            self.closings.append(closing)
            self.gate.closed(closing.epoch)

    def check_not_early(self, closing: Closing) -> None:
        wanted = [(task, closing.epoch) for task in UPSTREAM.current]
        if closing.epoch != 1:
            wanted += [(task, closing.epoch - 1) for task in UPSTREAM.previous]
        for task, epoch in wanted:
            assert (task, epoch) in self.seen
            assert self.positions.get((WRITES[task], 0), 0) >= self.run.ends[task][epoch - 1]
        assert self.positions.get(("control", 0), 0) >= self.run.controls[closing.epoch - 1]


@st.composite
def runs(draw: st.DrawFn) -> Run:
    count = draw(st.integers(1, 6))

    def growing() -> list[int]:
        steps = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
        return [sum(steps[: index + 1]) for index in range(count)]

    return Run({task: growing() for task in WRITES}, growing())


def arrive(run: Run, choices: st.DataObject, reader: Reader) -> None:
    logs = dict(enumerate(run.steps()))
    while logs:
        chosen = choices.draw(st.sampled_from(sorted(logs)))
        step = next(logs[chosen], None)
        if step is None:
            del logs[chosen]
        else:
            reader.take(step)


@given(runs(), st.data())
def test_whatever_arrives_first_all_epochs_close_in_order_and_none_early(run: Run, data: st.DataObject):
    reader = Reader(gate(), run)
    arrive(run, data, reader)
    assert [closing.epoch for closing in reader.closings] == list(range(1, run.epochs + 1))
    assert [closing.watermark for closing in reader.closings] == [moment(number + 1) for number in range(run.epochs)]
    assert [closing.control["control"] for closing in reader.closings] == run.controls
    assert [closing.final for closing in reader.closings] == [False] * (run.epochs - 1) + [True]


@given(runs(), st.data())
def test_a_restart_after_any_epoch_closes_exactly_the_epochs_after_it(run: Run, data: st.DataObject):
    last = data.draw(st.integers(1, run.epochs))
    reader = Reader(gate(last), run)
    arrive(run, data, reader)
    assert [closing.epoch for closing in reader.closings] == list(range(last + 1, run.epochs + 1))


def test_before_the_first_marker_nothing_is_waited_for():
    assert gate().next_epoch is None
    assert gate().closing(positions()) is None


def test_a_broker_that_is_added_late_begins_with_the_epoch_it_meets_and_looks_back_at_none():
    late = gate()
    saw(late, FEED, 7, 3)
    saw(late, BUILDER, 7)
    late.begin(7)
    late.begin(1)
    assert (late.first_epoch, late.next_epoch) == (7, 7)
    closing = late.closing(positions(ticks=3))
    assert closing is not None
    assert closing.epoch == 7


def test_after_its_first_epoch_it_looks_back():
    late = gate()
    late.begin(7)
    for epoch in (7, 8):
        saw(late, FEED, epoch)
        saw(late, BUILDER, epoch)
    late.closed(7)
    assert late.closing(positions()) is None, "the verdicts of 7 are not there"
    saw(late, RISK, 7, 2)
    assert late.closing(positions(verdicts=1)) is None
    assert late.closing(positions(verdicts=2)) is not None


def test_after_a_restart_the_epoch_before_is_looked_back_at_also_at_once():
    again = gate(last=7)
    saw(again, FEED, 8)
    saw(again, BUILDER, 8)
    assert again.closing(positions()) is None
    saw(again, RISK, 7)
    assert again.closing(positions()) is not None


def test_control_changes_are_waited_for_up_to_the_offset_that_the_feed_names():
    waiting = gate(last=0)
    for task in (FEED, BUILDER):
        saw(waiting, task, 1, control=2)
    saw(waiting, RISK, 0)
    assert waiting.closing(positions(control=1)) is None
    assert waiting.closing(positions(control=2)) is not None


def test_a_marker_counts_once_and_only_where_it_is_waited_for():
    waiting = gate(last=4)
    assert saw(waiting, FEED, 5)
    assert not saw(waiting, FEED, 5), "a duplicate"
    assert not waiting.saw_marker(EpochClosed(task="another", epoch=5, outputs={}, control={}), moment(5)), (
        "another task's"
    )
    assert not saw(waiting, FEED, 3), "long closed"
    assert saw(waiting, RISK, 4), "of the epoch before, which is looked back at"


def test_the_ends_of_a_closed_epoch_are_those_of_all_its_markers_on_its_own_inputs():
    waiting = gate(last=4)
    saw(waiting, FEED, 5, 3)
    saw(waiting, BUILDER, 5, 2)
    saw(waiting, RISK, 4, 1)
    closing = waiting.closing(positions(9, 9, 9, 9))
    assert closing is not None
    assert closing.ends == {("ticks", 0): 3, ("bars", 0): 2, ("verdicts", 0): 1}
