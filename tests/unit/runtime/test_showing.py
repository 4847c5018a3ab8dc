"""A view is shown beside the loop: now and then, never twice at a time, and a store that hangs holds nothing up."""

import asyncio

import pytest
from tests.unit.runtime.counting import Counting

from alpha_panda.domain.processor import Processor
from alpha_panda.runtime.errors import FencedError, TransientError
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.showing import Showing


class Shown:
    """A task and the store that it is shown in: `error` is what the store answers, while `open` is set."""

    def __init__(self) -> None:
        self.processor: Processor = Counting()
        self.tenure = Tenure("paper.risk-manager", "paper.risk-manager")
        self.times = 0
        self.error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.metrics = Metrics("risk-manager", "paper")

    async def show(self, processor: Processor, tenure: Tenure) -> None:
        assert (processor, tenure) == (self.processor, self.tenure)
        self.times += 1
        await self.open.wait()
        if self.error is not None:
            raise self.error


async def turns(showing: Showing, task: Shown, count: int = 5) -> None:
    """The loop goes round so many times, and whatever is under way goes on meanwhile."""
    for _ in range(count):
        showing.turn([task])
        await asyncio.sleep(0)


async def test_it_is_shown_again_only_after_a_while() -> None:
    task = Shown()
    await turns(Showing(task.show, task.metrics, seconds=3600), task)
    assert task.times == 1
    task = Shown()
    await turns(Showing(task.show, task.metrics, seconds=0), task)
    assert task.times > 1


async def test_a_store_that_hangs_is_asked_once_and_the_loop_goes_on() -> None:
    task = Shown()
    task.open.clear()
    showing = Showing(task.show, task.metrics, seconds=0)
    await turns(showing, task)
    assert task.times == 1
    task.open.set()
    await turns(showing, task)
    assert task.times > 1


async def test_a_store_that_does_not_answer_is_tried_again_and_counted() -> None:
    task = Shown()
    task.error = TransientError("PostgreSQL does not answer")
    await turns(Showing(task.show, task.metrics, seconds=0), task)
    assert task.times > 1
    labels = {"service": "risk-manager", "broker": "paper"}
    assert task.metrics.registry.get_sample_value("panda_retries_total", labels) == task.times


async def test_whoever_was_replaced_learns_it_at_a_later_turn() -> None:
    task = Shown()
    task.error = FencedError("it has another owner")
    with pytest.raises(FencedError, match="another owner"):
        await turns(Showing(task.show, task.metrics, seconds=0), task)


async def test_without_anything_to_show_nothing_happens() -> None:
    task = Shown()
    await turns(Showing(None, task.metrics, seconds=0), task)
    assert task.times == 0
