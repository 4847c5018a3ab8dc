"""What the API asks the supervisor to do is done once or not at all, and both know which."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from alpha_panda.errors import UnavailableError
from alpha_panda.events.topics import TICKS, dead_letter_topic
from alpha_panda.operations.errands import Errand, Told, answer, ask, take

T = TypeVar("T")
ERRAND = Errand(topic=dead_letter_topic(TICKS.name))


async def soon(find: Callable[[], list[T]]) -> list[T]:
    """What is found as soon as there is something."""
    deadline = time.monotonic() + 60
    while not (found := find()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    return found


async def supervise(folder: Path, told: Told) -> list[Errand]:
    """Answer the first errand that comes."""
    found = await soon(lambda: take(folder))
    answer(folder, found[0], told)
    return found


async def test_who_asks_is_told_and_nothing_is_left_behind(tmp_path: Path) -> None:
    told = Told(written=2, counts={"replay": 2})
    found, heard = await asyncio.gather(supervise(tmp_path, told), ask(tmp_path, ERRAND, 30))
    assert (found, heard) == ([ERRAND], told)
    assert take(tmp_path) == []
    assert list((tmp_path / "errands").iterdir()) == []


async def test_what_nobody_does_in_time_is_done_by_nobody_later(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="did not answer"):
        await ask(tmp_path, ERRAND, 0.2)
    assert take(tmp_path) == []


async def test_what_was_begun_and_is_not_done_yet_is_told_as_that(tmp_path: Path) -> None:
    waiting = asyncio.create_task(ask(tmp_path, ERRAND, 2))
    assert await soon(lambda: take(tmp_path)) == [ERRAND]
    with pytest.raises(UnavailableError, match="has begun"):
        await waiting


async def test_an_errand_that_outlived_who_asked_for_it_is_not_done(tmp_path: Path) -> None:
    waiting = asyncio.create_task(ask(tmp_path, ERRAND, 30))
    [there] = await soon(lambda: list((tmp_path / "errands").glob("*.asked")))
    old = time.time() - 600
    os.utime(there, (old, old))
    assert take(tmp_path) == []
    waiting.cancel()
