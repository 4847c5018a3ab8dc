"""Yahoo as a source: rounds of questions while the market is open, delayed ticks after each.

The rounds are asked in threads, at the client's pace. Without answers nothing is made up: what keeps ticks from
coming is said in one sentence, and asking goes on by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

import structlog

from alpha_panda.domain.calendar import HorizonError, SessionCalendar, trading_date
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.raw_bars import RawBar
from alpha_panda.errors import InputError
from alpha_panda.events.market import Timeframe
from alpha_panda.market_feed.sources.port import LiveBatch, LiveSource, RejectedRow, SourceReport
from alpha_panda.market_feed.sources.yahoo.delayed import SETTLED, DelayedMarket
from alpha_panda.runtime.yahoo_settings import YahooSettings
from alpha_panda.yahoo.errors import LimitedError, SilenceError, UnknownSymbolError
from alpha_panda.yahoo.names import symbol_of

SILENT_ROUNDS: Final = 3
"""After so many rounds without any answer it is said that there is none."""
_TURN_SECONDS: Final = 0.25


class Bars(Protocol):
    """Who is asked, as `yahoo.client.YahooClient` is."""

    def close(self) -> None:
        """Ask nothing more."""

    def bars(self, symbol: str, timeframe: Timeframe, first: date, end: date) -> Sequence[RawBar]:
        """The rows of the days from `first` to before `end`."""


class YahooSource(LiveSource):
    """The market as Yahoo tells of it."""

    def __init__(
        self,
        settings: YahooSettings,
        client: Bars,
        table: InstrumentTable,
        calendar: SessionCalendar,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Follow nothing yet."""
        self._settings = settings
        self._client = client
        self._table = table
        self._calendar = calendar
        self._wall = wall
        self._log = structlog.get_logger()
        self._market = DelayedMarket(calendar, timedelta(seconds=settings.oldest_seconds))
        self._followed: tuple[tuple[Instrument, str], ...] = ()
        self._names: frozenset[str] = frozenset()
        self._unknown: dict[str, str] = {}
        self._silent_rounds = 0
        self._why = ""
        self._answered = 0
        self._rounds = 0
        self.silence_seconds = SILENT_ROUNDS * settings.poll_seconds
        self.report = SourceReport()

    @property
    def description(self) -> str:
        """Where it comes from."""
        return "delayed prices of Yahoo, for paper money only"

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What is followed now, by token."""
        return tuple(instrument for instrument, _ in self._followed)

    def check(self) -> None:
        """Nothing is needed that could be missing."""

    def drain_rejected(self) -> tuple[RejectedRow, ...]:
        """Rows that cannot be used are counted, not kept."""
        return ()

    def follow(self, names: frozenset[str]) -> None:
        """Follow these instruments from the next round on; those that Yahoo does not have are told."""
        if names == self._names:
            return
        self._names, self._unknown = names, {}
        followed: list[tuple[Instrument, str]] = []
        for each in self._table:
            if each.name in names:
                try:
                    followed.append((each, symbol_of(each)))
                except InputError as error:
                    self._note_unknown(each, str(error))
        self._followed = tuple(followed)

    async def batches(self) -> AsyncGenerator[LiveBatch, None]:
        """A round of ticks each `poll_seconds` of an open market, and in between that the source lives."""
        asking: asyncio.Task[dict[int, Sequence[RawBar]]] | None = None
        due = time.monotonic()
        try:
            while True:
                ticks = []
                if asking is not None and asking.done():
                    ticks = self._market.ticks(asking.result(), self._wall())
                    self.report.ticks += len(ticks)
                    asking = None
                if asking is None and time.monotonic() >= due and self._followed and self._is_due():
                    due = time.monotonic() + self._settings.poll_seconds
                    asking = asyncio.create_task(self._round())
                yield LiveBatch(ticks=tuple(ticks), blocked=self._blocked, detail=self._detail())
                await asyncio.sleep(_TURN_SECONDS)
        finally:
            self._client.close()
            if asking is not None:
                asking.cancel()

    @property
    def _blocked(self) -> str | None:
        if self._silent_rounds < SILENT_ROUNDS:
            return None
        return f"Yahoo has not answered for {self._silent_rounds} rounds: {self._why}; asked again by itself"

    def _is_due(self) -> bool:
        """Whether anything can be new: in a session, and for as long after it as its end is still coming."""
        now = self._wall()
        try:
            session = self._calendar.session_of(trading_date(now))
        except HorizonError:
            return False
        return session is not None and session.open <= now < session.close + 2 * SETTLED

    async def _round(self) -> dict[int, Sequence[RawBar]]:
        """What is answered of each instrument that is followed."""
        gate = asyncio.Semaphore(self._settings.threads)
        today = trading_date(self._wall())
        answers: dict[int, Sequence[RawBar]] = {}

        async def ask(instrument: Instrument, symbol: str) -> None:
            async with gate:
                try:
                    rows = await asyncio.to_thread(
                        self._client.bars, symbol, Timeframe.M1, today, today + timedelta(days=1)
                    )
                except (LimitedError, SilenceError) as error:
                    self._why = str(error)
                    return
                except UnknownSymbolError as error:
                    self._note_unknown(instrument, str(error))
                    return
            answers[instrument.token] = rows

        asked = [each for each in self._followed if each[0].name not in self._unknown]
        await asyncio.gather(*(ask(*each) for each in asked))
        self._rounds += 1
        self._answered = len(answers)
        self._silent_rounds = 0 if answers or not asked else self._silent_rounds + 1
        if len(answers) < len(asked):
            self._log.warning("round without all answers", asked=len(asked), answered=len(answers), reason=self._why)
        return answers

    def _note_unknown(self, instrument: Instrument, why: str) -> None:
        self._unknown[instrument.name] = why
        self._log.error("instrument is not followed", instrument=instrument.name, reason=why)

    def _detail(self) -> dict[str, object]:
        counts, last = self._market.counts, self._market.last_at
        return {
            "delayed": True,
            "ticks": self.report.ticks,
            "instruments": len(self._followed) - len(self._unknown),
            "not_there": dict(self._unknown),
            "rounds": self._rounds,
            "answered_last_round": self._answered,
            "minutes": counts.minutes,
            "minutes_late": counts.late,
            "minutes_too_old": counts.too_old,
            "rows_refused": counts.refused,
            "delay_seconds": None if last is None else round((self._wall() - last).total_seconds()),
        }
