"""Loops of one service side by side: none goes on alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any


async def run_together(*loops: Awaitable[Any], to_the_last: bool = False) -> None:
    """Until one of them ends, with `to_the_last` until all have; an error of one is raised. Then none goes on."""
    tasks = [asyncio.ensure_future(each) for each in loops]
    until = asyncio.FIRST_EXCEPTION if to_the_last else asyncio.FIRST_COMPLETED
    try:
        done, _ = await asyncio.wait(tasks, return_when=until)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
