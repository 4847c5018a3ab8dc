"""A download: for each instrument what is not kept yet, piece by piece; each piece is kept before the next is asked.

So it can be ended at any moment and begun again: what is whole is not asked for a second time, and what is asked for
twice changes nothing. A question without an answer is asked again a bounded number of times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from alpha_panda.domain.calendar import Session, SessionCalendar, trading_date
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.raw_bars import Checked, RawBar, check
from alpha_panda.downloads.port import AskAgainError, Asked, NotThereError, Reach, Shelf
from alpha_panda.downloads.report import Fetched
from alpha_panda.downloads.spans import Span, lacking, pieces
from alpha_panda.events.market import Timeframe

TRIES: Final = 6
"""Of one question."""


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted."""

    instruments: tuple[Instrument, ...]
    timeframe: Timeframe
    sessions: tuple[Session, ...]


class Downloader:
    """One source and one place to keep what it tells."""

    def __init__(
        self,
        asked: Asked,
        shelf: Shelf,
        calendar: SessionCalendar,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Ask nothing yet."""
        self._asked = asked
        self._shelf = shelf
        self._calendar = calendar
        self._wall = wall

    async def fetch(self, wanted: Download, done: Callable[[int], None] = lambda _: None) -> tuple[Fetched, ...]:
        """Ask for what is lacking; what became of each instrument, in their order. `done` is told of each.

        The source is closed afterwards, also where this is cancelled.

        Raises:
            PandaError: nothing can be asked at all, or nothing kept.
        """
        gate = asyncio.Semaphore(self._asked.threads)

        async def one(instrument: Instrument) -> Fetched:
            async with gate:
                found = await self._one(instrument, wanted)
            done(1)
            return found

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(each)) for each in wanted.instruments]
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        finally:
            self._asked.close()
        return tuple(task.result() for task in tasks)

    async def _one(self, instrument: Instrument, wanted: Download) -> Fetched:
        timeframe, reach = wanted.timeframe, self._asked.reach(wanted.timeframe)
        kept = await self._counts(instrument, wanted)
        absent = lacking(wanted.sessions, kept, instrument, timeframe)
        within = _within(absent, reach, trading_date(self._wall()))
        found = Fetched(instrument=instrument.name, sessions=len(wanted.sessions), before=sum(kept.values()))
        found.beyond = len(absent) - len(within)
        for span in pieces([each.date for each in within], reach.most_days):
            try:
                rows = await self._patiently(instrument, timeframe, span)
            except (AskAgainError, NotThereError) as error:
                found.failed = str(error)
                break
            found.questions += 1
            await self._keep(found, check(rows, instrument.token, timeframe, self._calendar, self._wall()))
        kept = await self._counts(instrument, wanted)
        found.missing = tuple(each.date for each in wanted.sessions if not kept.get(each.date))
        found.gaps = len(lacking(wanted.sessions, kept, instrument, timeframe)) - len(found.missing)
        return found

    async def _counts(self, instrument: Instrument, wanted: Download) -> Mapping[date, int]:
        first, last = wanted.sessions[0].date, wanted.sessions[-1].date
        return await self._shelf.counts(instrument.token, wanted.timeframe, first, last)

    async def _patiently(self, instrument: Instrument, timeframe: Timeframe, span: Span) -> Sequence[RawBar]:
        """Ask, and ask again; the source itself waits between."""
        for _ in range(TRIES - 1):
            with suppress(AskAgainError):
                return await asyncio.to_thread(self._asked.ask, instrument, timeframe, *span)
        return await asyncio.to_thread(self._asked.ask, instrument, timeframe, *span)

    async def _keep(self, found: Fetched, checked: Checked) -> None:
        added = await self._shelf.add(checked.bars)
        found.new += added.new
        found.differing += added.differing
        found.refuse(checked.refused)


def _within(sessions: Sequence[Session], reach: Reach, today: date) -> tuple[Session, ...]:
    if reach.back_days is None:
        return tuple(sessions)
    oldest = today - timedelta(days=reach.back_days)
    return tuple(each for each in sessions if each.date >= oldest)
