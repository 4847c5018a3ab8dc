"""Who waits for an answer waits for so long, also where nothing makes the other side end."""

from __future__ import annotations

import asyncio
import gc

import pytest

from alpha_panda.runtime.patience import within


async def test_an_answer_in_time_is_given_and_an_error_is_raised() -> None:
    async def answer() -> str:
        return "yes"

    async def fail() -> str:
        raise OSError("gone")

    assert await within(60, answer()) == "yes"
    with pytest.raises(OSError, match="gone"):
        await within(60, fail())


async def test_what_cannot_be_called_off_is_waited_for_no_longer_all_the_same() -> None:
    told, free = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.set()
            await free.wait()  # as a connection waits for its server to say that a statement was cancelled
            raise OSError("too late for anybody") from None

    with pytest.raises(TimeoutError, match=r"within 0.01 s"):
        await within(0.01, stubborn())
    await told.wait()
    free.set()


async def test_what_is_shielded_goes_on() -> None:
    free = asyncio.Event()
    task = asyncio.create_task(free.wait())
    with pytest.raises(TimeoutError):
        await within(0.01, asyncio.shield(task))
    free.set()
    assert await task


async def test_who_is_told_to_end_while_waiting_takes_the_other_side_along() -> None:
    other = asyncio.create_task(asyncio.Event().wait())
    waiting = asyncio.create_task(within(3600, other))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(asyncio.CancelledError):
        await other


async def test_the_error_of_what_was_taken_along_is_no_news_to_anybody() -> None:
    overlooked: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: overlooked.append(context))

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("too late for anybody") from None

    waiting = asyncio.create_task(within(3600, stubborn()))
    for _ in range(3):
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    del waiting
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    assert overlooked == []
