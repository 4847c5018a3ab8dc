"""What stands behind a later owner's claim counts for nobody, wherever a reader begins."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.runtime.counting import moment, tick

from alpha_panda.events.envelope import Envelope, Event, MalformedEventError, Origin, decode_header, encode
from alpha_panda.events.fences import Fences, claim_of
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.topics import BARS

TASK, TOPIC = "bar-builder/0", BARS.full_name()


def claim(fence: int, task: str = TASK) -> OwnershipTaken:
    return OwnershipTaken(task=task, fence=fence, owner="here:1")


def header(fence: int | None, source: str = TASK) -> Envelope:
    return decode_header(encode(tick(10), Origin(source=source, fence=fence)))


def written_claim(data: OwnershipTaken, origin: Origin) -> Envelope:
    event = Event(id="c", event_time=moment(0), data=data, key=TASK, correlation_id="c")
    return decode_header(encode(event, origin))


def fenced(fences: Fences, offset: int, fence: int | None, source: str = TASK, partition: int = 0) -> bool:
    return fences.is_fenced((TOPIC, partition, offset), header(fence, source))


@pytest.fixture
def fences() -> Fences:
    """Fence 2 was claimed at offset 10, fence 5 at 20."""
    made = Fences()
    made.learn((TOPIC, 0, 10), claim(2))
    made.learn((TOPIC, 0, 20), claim(5))
    return made


def test_a_record_counts_until_a_later_owner_has_claimed_its_partition(fences: Fences):
    assert [fenced(fences, offset, 1) for offset in (9, 11, 21)] == [False, True, True]
    assert [fenced(fences, offset, 2) for offset in (9, 11, 20, 21)] == [False, False, False, True]
    assert [fenced(fences, offset, 5) for offset in (9, 11, 21)] == [False, False, False]


def test_a_record_without_a_fence_is_an_earlier_owners(fences: Fences):
    assert [fenced(fences, offset, None) for offset in (9, 11)] == [False, True]


def test_other_tasks_and_other_partitions_are_not_concerned(fences: Fences):
    assert not fenced(fences, 30, 1, source="market-feed")
    assert not fenced(fences, 30, 1, partition=1)


def test_a_claim_of_an_owner_that_was_replaced_already_changes_nothing(fences: Fences):
    fences.learn((TOPIC, 0, 30), claim(4))
    assert fenced(fences, 31, 4)
    assert fences.highest(TASK) == 5


def test_a_reader_that_goes_on_from_a_snapshot_knows_what_it_needs(fences: Fences):
    kept = fences.kept({(TOPIC, 0): 20})
    assert kept == {TOPIC: {0: {TASK: [(10, 2), (20, 5)]}}}
    assert fences.kept({(TOPIC, 0): 21}) == {TOPIC: {0: {TASK: [(20, 5)]}}}
    assert fenced(Fences(kept), 15, 1)
    assert not fenced(Fences(kept), 15, 2)


def test_a_topic_that_was_made_anew_begins_anew(fences: Fences):
    fences.learn((TOPIC, 0, 3), claim(6))
    assert not fenced(fences, 4, 6)
    assert not fenced(fences, 15, 6)
    assert fenced(fences, 15, 5)


@pytest.mark.parametrize(
    ("data", "origin"),
    [
        (claim(3), Origin(source="somebody", fence=3)),
        (claim(3), Origin(source=TASK, fence=4)),
        (claim(3), Origin(source=TASK)),
        (claim(0), Origin(source=TASK, fence=0)),
    ],
    ids=["another's name", "another fence", "no fence", "below the first fence"],
)
def test_a_claim_in_anothers_name_is_none(data: OwnershipTaken, origin: Origin):
    with pytest.raises(MalformedEventError, match="a claim of 'bar-builder/0'"):
        claim_of(written_claim(data, origin))


def test_a_claim_is_told_from_other_events():
    assert claim_of(written_claim(claim(3), Origin(source=TASK, fence=3))) == claim(3)
    assert claim_of(header(3)) is None


def by_the_rule(log: list[tuple[bool, int]]) -> list[bool]:
    """Whether each record of a partition (is it a claim, and its fence) is fenced: a later owner's claim is before."""
    highest, result = 0, []
    for is_claim, fence in log:
        result.append(fence < highest)
        highest = max(highest, fence) if is_claim else highest
    return result


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 5)), max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4),
)
def test_a_reader_that_begins_again_anywhere_comes_to_the_same(
    log: list[tuple[bool, int]], restarts: list[tuple[int, int]]
):
    """It stops at one offset with its snapshot and goes on from that or an earlier one, as often as it likes."""
    expected = by_the_rule(log)
    fences, start = Fences(), 0
    for stop, back in [*restarts, (len(log), 0)]:
        for offset, (is_claim, fence) in list(enumerate(log))[start : max(stop, start)]:
            is_fenced = fenced(fences, offset, fence)
            assert is_fenced == expected[offset]
            if is_claim and not is_fenced:
                fences.learn((TOPIC, 0, offset), claim(fence))
        start = max(start, min(max(stop, start), len(log)) - back)
        fences = Fences(fences.kept({(TOPIC, 0): start}))
        claims = fences.kept({}).get(TOPIC, {}).get(0, {}).get(TASK, [])
        assert all(one < other for one, other in pairwise(claims))
