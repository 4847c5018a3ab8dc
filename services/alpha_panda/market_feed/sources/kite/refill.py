"""What the exchange's history says of an interruption: whole minutes, of as many instruments as there is time for.

Bars close by the time of ticks, so what is filled in must come before the first live tick; live ticks wait for it in
the ring, for a bounded time, because stops and targets wait with them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from alpha_panda.errors import PandaError
from alpha_panda.events.market import Bar
from alpha_panda.zerodha.session import Session

ReadMinutes = Callable[[Session, int, datetime, datetime], Sequence[Bar]]
_MINUTE: Final = timedelta(minutes=1)
_PAUSE_SECONDS: Final = 0.35
"""Between two questions: a login may ask three a second."""


def whole_minutes(last_at: int, now: datetime) -> tuple[datetime, datetime] | None:
    """The minutes that lie wholly between a tick and now; None where there is none."""
    tick = datetime.fromtimestamp(last_at, UTC)
    begin = tick.replace(second=0, microsecond=0) + _MINUTE
    end = now.replace(second=0, microsecond=0)
    return (begin, end) if begin < end else None


async def refill(
    read: ReadMinutes, session: Session, tokens: Sequence[int], span: tuple[datetime, datetime], seconds: float
) -> list[Bar]:
    """Minute bars of the instruments within the span, by (start, instrument), of as many as the seconds allow."""
    deadline = time.monotonic() + seconds
    found: list[Bar] = []
    begin, end = span
    log = structlog.get_logger()
    for index, token in enumerate(tokens):
        if time.monotonic() >= deadline:
            log.warning("interruption not filled in for want of time", instruments=len(tokens) - index)
            break
        try:
            bars = await asyncio.to_thread(read, session, token, begin, end)
        except PandaError as error:
            log.warning("interruption not filled in", instrument=token, reason=str(error))
            continue
        found += [bar for bar in bars if begin <= bar.start and bar.end <= end]
        await asyncio.sleep(_PAUSE_SECONDS)
    return sorted(found, key=lambda bar: (bar.start, bar.instrument_token))
