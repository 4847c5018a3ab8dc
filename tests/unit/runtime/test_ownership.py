"""A task has one owner: the one that started last. The one before finds out, ends, and does not come back at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from tests.unit.runtime.fake_owners import MemoryOwners

from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.runtime.errors import FencedError
from alpha_panda.runtime.owners import STALE_SECONDS
from alpha_panda.runtime.ownership import ASSURE_SECONDS, Ownership, Tenure

SERVICE = TASK = "paper.risk-manager"


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def owners(clock: Clock) -> MemoryOwners:
    return MemoryOwners(clock)


async def taken(owners: MemoryOwners, clock: Clock, owner: str) -> tuple[Ownership, Tenure]:
    ownership = Ownership(owners, SERVICE, owner=owner, clock=clock)
    tenure = await ownership.take(TASK)
    assert tenure is not None
    return ownership, tenure


async def test_each_owner_has_a_higher_fence(owners: MemoryOwners, clock: Clock):
    _, first = await taken(owners, clock, "a")
    _, second = await taken(owners, clock, "b")
    assert (first.fence, second.fence) == (1, 2)


async def test_an_owner_that_was_paused_is_told_before_it_writes(owners: MemoryOwners, clock: Clock):
    _, first = await taken(owners, clock, "a")
    await taken(owners, clock, "b")
    clock.now += ASSURE_SECONDS
    with pytest.raises(FencedError, match=r"paper\.risk-manager was taken over by another copy; this one had fence 1"):
        await first.assure()


async def work(tenure: Tenure, clock: Clock, seconds: int) -> None:
    """Four turns a second, with time for others between them."""
    for _ in range(4 * seconds):
        clock.now += 0.25
        await tenure.assure()
        for _ in range(5):
            await asyncio.sleep(0)


async def test_an_owner_that_is_at_work_is_asked_after_beside_its_work(owners: MemoryOwners, clock: Clock):
    ownership, tenure = await taken(owners, clock, "a")
    await work(tenure, clock, 5)
    assert owners.asked == 5
    assert owners.rows[TASK].seen_at == clock.now
    await taken(owners, clock, "b")
    with pytest.raises(FencedError):
        await work(tenure, clock, 2)
    await ownership.close()


async def test_a_postgresql_that_does_not_answer_stops_nobody(owners: MemoryOwners, clock: Clock):
    _, tenure = await taken(owners, clock, "a")
    owners.down = True
    clock.now += ASSURE_SECONDS
    await tenure.assure()
    await tenure.assure()
    assert owners.asked == 1, "it is not asked again at once"


async def test_a_postgresql_that_hangs_holds_up_nobody(owners: MemoryOwners, clock: Clock):
    ownership, tenure = await taken(owners, clock, "a")
    hanging = asyncio.Event()

    async def hang(*_: object) -> frozenset[str]:
        hanging.set()
        await asyncio.Event().wait()
        return frozenset()

    owners.renew = hang  # type: ignore[method-assign] # a fault
    await work(tenure, clock, 2)
    assert hanging.is_set()
    await ownership.close()


async def test_after_a_pause_a_postgresql_that_hangs_is_waited_for_a_moment_only(owners: MemoryOwners, clock: Clock):
    _, tenure = await taken(owners, clock, "a")

    async def hang(*_: object) -> frozenset[str]:
        await asyncio.Event().wait()
        return frozenset()

    owners.renew = hang  # type: ignore[method-assign] # a fault
    clock.now += 60 * ASSURE_SECONDS
    async with asyncio.timeout(5):
        await tenure.assure()


async def test_nobody_waits_for_a_question_that_cannot_even_be_called_off(owners: MemoryOwners, clock: Clock):
    """A connection waits until its server has said that a statement was cancelled."""
    _, tenure = await taken(owners, clock, "a")
    free = asyncio.Event()

    async def hang(*_: object) -> frozenset[str]:
        try:
            await asyncio.Event().wait()
        finally:
            await free.wait()
        return frozenset()

    owners.renew = hang  # type: ignore[method-assign] # a fault
    clock.now += 60 * ASSURE_SECONDS
    assured = asyncio.create_task(tenure.assure())
    done, _ = await asyncio.wait({assured}, timeout=30)
    free.set()
    assert done
    await assured


async def test_an_owner_that_reads_its_successors_claim_ends(owners: MemoryOwners, clock: Clock):
    _, tenure = await taken(owners, clock, "a")
    tenure.heard(OwnershipTaken(task=TASK, fence=1, owner="a"))
    tenure.heard(OwnershipTaken(task="paper.portfolio", fence=7, owner="b"))
    with pytest.raises(FencedError, match="taken over by b under fence 2; this one had fence 1"):
        tenure.heard(OwnershipTaken(task=TASK, fence=2, owner="b"))


async def test_two_copies_do_not_displace_each_other_for_ever(owners: MemoryOwners, clock: Clock):
    """The one that was displaced is started again, and stands by until the other one is silent."""
    first, _ = await taken(owners, clock, "a")
    second, _ = await taken(owners, clock, "b")
    await first.leave_word()
    again = Ownership(owners, SERVICE, owner="a", clock=clock)
    waited = 0

    def turn() -> bool:
        nonlocal waited
        waited += 1
        clock.now += STALE_SECONDS / 4
        if waited == 1:
            second.fences[TASK] = owners.rows[TASK].fence
            owners.rows[TASK].seen_at = clock.now
        return True

    tenure = await again.take(TASK, turn)
    assert waited >= 4
    assert tenure is not None
    assert tenure.fence == 3
    assert not owners.rows[TASK].contested


async def test_an_owner_that_ends_in_order_is_not_waited_for(owners: MemoryOwners, clock: Clock):
    first, _ = await taken(owners, clock, "a")
    second, _ = await taken(owners, clock, "b")
    await first.leave_word()
    await second.release()
    again = await Ownership(owners, SERVICE, owner="a", clock=clock).take(TASK, lambda: False)
    assert again is not None


async def test_who_stands_by_can_be_told_to_stop(owners: MemoryOwners, clock: Clock):
    first, _ = await taken(owners, clock, "a")
    await taken(owners, clock, "b")
    await first.leave_word()
    assert await Ownership(owners, SERVICE, owner="a", clock=clock).take(TASK, lambda: False) is None
    assert owners.rows[TASK].fence == 2


async def test_a_service_that_crashed_is_not_waited_for(owners: MemoryOwners, clock: Clock):
    await taken(owners, clock, "a")
    _, again = await taken(owners, clock, "a")
    assert again.fence == 2


async def test_no_word_can_be_left_in_a_postgresql_that_is_down(owners: MemoryOwners, clock: Clock):
    first, _ = await taken(owners, clock, "a")
    owners.down = True
    await first.leave_word()
    assert not owners.rows[TASK].contested


async def test_where_postgresql_is_behind_the_log_the_owner_goes_above_the_log(owners: MemoryOwners, clock: Clock):
    _, tenure = await taken(owners, clock, "a")
    await tenure.outbid(7)
    assert tenure.fence == 8


async def test_a_higher_claim_of_the_present_owner_is_obeyed(owners: MemoryOwners, clock: Clock):
    _, tenure = await taken(owners, clock, "a")
    await taken(owners, clock, "b")
    with pytest.raises(FencedError, match="taken over by b under fence 2"):
        await tenure.outbid(2)


async def test_without_an_ownership_nobody_is_asked():
    tenure = Tenure("market-feed", "market-feed")
    await tenure.assure()
    await tenure.must_own()
    tenure.heard(OwnershipTaken(task="market-feed", fence=9, owner="b"))
    assert tenure.fence is None
