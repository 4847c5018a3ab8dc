"""Loops of a service end together, and an error of one is told."""

from __future__ import annotations

import asyncio

import pytest

from alpha_panda.runtime.loops import run_together


class Endless:
    """A loop that goes on until it is told to end."""

    def __init__(self) -> None:
        self.ended = False

    async def run(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


async def fail() -> None:
    raise OSError("the disk is full")


async def test_the_first_that_ends_ends_the_others() -> None:
    other = Endless()
    await run_together(asyncio.sleep(0), other.run())
    assert other.ended


@pytest.mark.parametrize("to_the_last", [False, True])
async def test_an_error_of_one_ends_the_others_and_is_raised(*, to_the_last: bool) -> None:
    other = Endless()
    with pytest.raises(OSError, match="the disk is full"):
        await run_together(other.run(), fail(), to_the_last=to_the_last)
    assert other.ended


async def test_all_may_be_waited_for() -> None:
    free = asyncio.Event()

    async def later() -> None:
        await asyncio.sleep(0)
        free.set()

    await run_together(asyncio.sleep(0), later(), to_the_last=True)
    assert free.is_set()
