"""A bad event leaves no half-made change in a processor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.runtime.counting import FATAL, REFUSED, Counting, moment, tick

from alpha_panda.domain.processor import RefusedEventError
from alpha_panda.events.topics import BARS, TICKS
from alpha_panda.runtime.guarded import GuardedProcessor

PRICES = st.integers(min_value=1, max_value=500)
STEPS = st.lists(
    st.one_of(
        PRICES.map(lambda price: ("take", price)),
        st.just(("take", FATAL)),
        st.just(("take", REFUSED)),
        PRICES.map(lambda second: ("reach", second)),
        PRICES.map(lambda price: ("recall", price)),
        st.just(("snapshot", 0)),
    ),
    max_size=30,
)


def apply(guarded: GuardedProcessor, step: str, number: int) -> list[str]:
    match step:
        case "take":
            return [each.id for each in guarded.take(tick(number, number), TICKS)]
        case "reach":
            guarded.reach(moment(number))
        case "recall":
            guarded.recall(tick(number), BARS)
        case _:
            guarded.snapshot()
    return []


@given(STEPS)
def test_events_that_fail_or_are_refused_leave_the_state_as_if_they_had_never_come(steps: list[tuple[str, int]]):
    seen, spared = GuardedProcessor(Counting, None), GuardedProcessor(Counting, None)
    for step, number in steps:
        if number in (FATAL, REFUSED):
            with pytest.raises(RefusedEventError):
                apply(seen, step, number)
        else:
            assert apply(seen, step, number) == apply(spared, step, number)
        assert seen.processor.snapshot() == spared.processor.snapshot()


def test_a_failure_is_told_with_its_kind_and_its_cause():
    with pytest.raises(RefusedEventError, match="processing failed: ZeroDivisionError: in the middle of it") as refused:
        GuardedProcessor(Counting, None).take(tick(FATAL), TICKS)
    assert isinstance(refused.value.__cause__, ZeroDivisionError)


def test_what_the_processor_refuses_itself_is_told_in_its_words():
    with pytest.raises(RefusedEventError, match=r"^a price that nobody takes$"):
        GuardedProcessor(Counting, None).take(tick(REFUSED), TICKS)


def test_it_starts_from_the_state_that_it_is_given():
    first = GuardedProcessor(Counting, None)
    first.take(tick(5), TICKS)
    second = GuardedProcessor(Counting, first.snapshot())
    with pytest.raises(RefusedEventError):
        second.take(tick(FATAL), TICKS)
    assert isinstance(second.processor, Counting)
    assert second.processor.prices == [5]


def test_an_output_that_was_recalled_is_known_also_after_a_failure():
    guarded = GuardedProcessor(Counting, None)
    guarded.recall(tick(5), BARS)
    with pytest.raises(RefusedEventError):
        guarded.take(tick(FATAL), TICKS)
    assert isinstance(guarded.processor, Counting)
    assert guarded.processor.recalled == [tick(5).id]
