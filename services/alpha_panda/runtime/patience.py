"""Waits for an answer for so long and no longer, also where what was asked cannot be called off.

`asyncio.wait_for` waits until what it has cancelled has ended, and a PostgreSQL that hangs lets nobody end: its
connection first waits for word that the statement was cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Answer = TypeVar("Answer")


async def within(seconds: float, asked: Awaitable[Answer]) -> Answer:
    """Its answer; what is late is told to end, and nobody waits for that.

    Raises:
        TimeoutError: there was none in time.
    """
    waiting = asyncio.ensure_future(asked)
    try:
        done, _ = await asyncio.wait({waiting}, timeout=seconds)
    except asyncio.CancelledError:
        _call_off(waiting)
        raise
    if done:
        return waiting.result()
    _call_off(waiting)
    raise TimeoutError(f"no answer within {seconds:g} s")


def _call_off(waiting: asyncio.Future[Answer]) -> None:
    waiting.add_done_callback(_let_go)
    waiting.cancel()


def _let_go(late: asyncio.Future[Answer]) -> None:
    """Nobody asks for its error any more, which would be told as one that was overlooked."""
    if not late.cancelled():
        late.exception()
