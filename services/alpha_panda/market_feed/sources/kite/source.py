"""Kite Connect as a source: nothing without a login and a sound list of instruments, then ticks as they come.

The ticker's thread fills the ring; here, on the loop, frames become ticks. Nothing is ever made up: what keeps ticks
from coming is said in one sentence, with what to do, until it is over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from alpha_panda.domain.calendar import trading_date
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.errors import InputError, PandaError
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Tick
from alpha_panda.market_feed.sources.kite.arrivals import Arrivals
from alpha_panda.market_feed.sources.kite.login import KeptLogin, Login
from alpha_panda.market_feed.sources.kite.master import Master, told
from alpha_panda.market_feed.sources.kite.packets import FrameError, decode
from alpha_panda.market_feed.sources.kite.refill import ReadMinutes, refill, whole_minutes
from alpha_panda.market_feed.sources.kite.ring import Ring, Taken
from alpha_panda.market_feed.sources.port import LiveBatch, LiveSource, RejectedRow, SourceReport
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha.lines import Line, Lines
from alpha_panda.zerodha.session import Session

AT_ONCE: Final = 4_000
"""Packets of one batch, about."""
_IDLE_SECONDS: Final = 0.01
_QUIET_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 60.0

MakeLine = Callable[[Session, Callable[[bytes], None]], Line]
ReadMaster = Callable[[Session], Sequence[dict[str, Any]]]


class KiteSource(LiveSource):
    """The live market of one login."""

    def __init__(  # noqa: PLR0913 - the edges, each of which a test replaces by another
        self,
        settings: ZerodhaSettings,
        store: KeptLogin,
        table: InstrumentTable,
        *,
        make_line: MakeLine,
        read_master: ReadMaster,
        read_minutes: ReadMinutes,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Follow nothing yet."""
        self._settings = settings
        self._table = table
        self._make_line = make_line
        self._read_master = read_master
        self._read_minutes = read_minutes
        self._filling: asyncio.Task[list[Bar]] | None = None
        self._filled_in = 0
        self._taken: list[Taken] = []
        self._wall = wall
        self._log = structlog.get_logger()
        self._login = Login(store, wall=wall)
        self._ring = Ring(settings.ring)
        self._arrivals = Arrivals()
        self._lines: Lines | None = None
        self._session: Session | None = None
        self._master: tuple[Master, object] | None = None
        self._tried_at = -_RETRY_SECONDS
        self._wrong: str | None = None
        self._names: frozenset[str] = frozenset()
        self._followed: tuple[Instrument, ...] = ()
        self._overtaken = self._broken = self._interruptions = 0
        self.report = SourceReport()

    @property
    def description(self) -> str:
        """Where it comes from."""
        return f"Kite Connect at {self._settings.ticker_root}"

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What is followed now, by token."""
        return self._followed

    def check(self) -> None:
        """See that a Broker is named whose login is used.

        Raises:
            InputError: none is.
        """
        if self._settings.broker is None:
            raise InputError(
                "data is to come from Kite Connect, and zerodha.broker does not name the Broker whose login is used",
                remedy="set zerodha.broker to a Broker of type Zerodha",
            )

    def drain_rejected(self) -> tuple[RejectedRow, ...]:
        """Frames that cannot be read are counted, not kept."""
        return ()

    def follow(self, names: frozenset[str]) -> None:
        """Follow these instruments from the next batch on."""
        if names != self._names:
            self._names = names
            self._choose()

    async def batches(self) -> AsyncGenerator[LiveBatch, None]:
        """Ticks as they come."""
        said_at = 0.0
        try:
            while True:
                # Taken before the connections are looked at: a connection that is back is seen before its first tick.
                if self._filling is None:
                    self._taken.append(self._ring.take(AT_ONCE))
                ready = await self._is_ready()
                ticks = self._filled() or self._arrived(ready=ready)
                now = time.monotonic()
                if ticks or now - said_at >= _QUIET_SECONDS:
                    said_at = now
                    yield LiveBatch(ticks=tuple(ticks), blocked=self._blocked, detail=self._detail())
                await asyncio.sleep(0 if ticks else _IDLE_SECONDS)
        finally:
            if self._filling is not None:
                self._filling.cancel()
            self._end_lines()

    @property
    def _blocked(self) -> str | None:
        if (why := self._login.blocked) is not None:
            return why
        return self._wrong if self._master is None else None

    async def _is_ready(self) -> bool:
        """Whether frames may come: the login is good, the list is today's, the connections are looked after."""
        session = await self._login.look()
        if session != self._session:
            self._end_lines()
            self._session, self._tried_at = session, time.monotonic() - _RETRY_SECONDS
        if session is None:
            return False
        await self._know_instruments(session)
        if self._master is None:
            return False
        lines = self._lines or self._begin_lines(session)
        lines.look()
        self._note(lines)
        if lines.refused:
            await self._login.refused()
        return True

    async def _know_instruments(self, session: Session) -> None:
        """Read the day's list; one that is refused is asked for again, and an old one holds meanwhile."""
        today = trading_date(self._wall())
        if self._master is not None and self._master[1] == today:
            return
        now = time.monotonic()
        if now - self._tried_at < _RETRY_SECONDS:
            return
        self._tried_at = now
        try:
            rows = await asyncio.to_thread(self._read_master, session)
            self._master = Master(rows, today), today
        except PandaError as error:
            self._wrong = f"{error}; {error.remedy}" if error.remedy else str(error)
            self._log.error("instruments refused", reason=str(error), remedy=error.remedy)
            return
        self._wrong = None
        self._log.info("instruments read", listed=len(self._master[0]))
        self._choose()

    def _choose(self) -> None:
        """From names to what is listed as we know it."""
        if self._master is None:
            return
        wanted = [each for each in self._table if each.name in self._names]
        faults = self._master[0].faults(wanted)
        if faults:
            self._log.error("instruments are not as listed", reason=told(faults))
        self._wrong = told(faults) if faults else None
        self._followed = tuple(each for each in wanted if each.token not in faults)
        tokens = tuple(each.token for each in self._followed)
        self._arrivals.wanted = frozenset(tokens)
        if self._lines is not None:
            self._lines.follow(tokens)

    def _begin_lines(self, session: Session) -> Lines:
        lines = Lines(lambda: self._make_line(session, self._ring.put), self._settings.silent_seconds)
        lines.follow(tuple(each.token for each in self._followed))
        self._lines = lines
        return lines

    def _end_lines(self) -> None:
        if self._lines is not None:
            self._lines.close()
            self._lines = None

    def _note(self, lines: Lines) -> None:
        for why in lines.reasons:
            self._log.warning("ticker connection lost", reason=why)
        for tokens, seconds in lines.interruptions:
            self._interruptions += 1
            self._fill(tokens, seconds)
            self._arrivals.forget_volumes()
            self._log.warning("ticker connection is back", instruments=len(tokens), seconds=round(seconds, 1))
        lines.reasons.clear()
        lines.interruptions.clear()

    def _fill(self, tokens: tuple[int, ...], seconds: float) -> None:
        """Begin to ask for what was missed, where it was long enough to have whole minutes."""
        last = self._arrivals.last_at
        if self._session is None or last is None or self._filling is not None or seconds < self._settings.gap_seconds:
            return
        span = whole_minutes(last, self._wall())
        if span is not None:
            work = refill(self._read_minutes, self._session, tokens, span, self._settings.fill_seconds)
            self._filling = asyncio.create_task(work)

    def _filled(self) -> list[Event[Tick]]:
        """What was asked for, once it is there."""
        if self._filling is None or not self._filling.done():
            return []
        bars, self._filling = self._filling.result(), None
        ticks = self._arrivals.fill(bars)
        self._filled_in += len(bars)
        self._log.info("interruption filled in", minutes=len(bars), ticks=len(ticks))
        return ticks

    def _arrived(self, *, ready: bool) -> list[Event[Tick]]:
        """The ticks in what was taken; it waits while an interruption is filled in, and is void without a login."""
        if ready and self._filling is not None:
            return []
        taken, self._taken = self._taken, []
        return [tick for each in taken for tick in self._ticks(each)] if ready else []

    def _ticks(self, taken: Taken) -> list[Event[Tick]]:
        if taken.overtaken:
            self._overtaken += taken.overtaken
            self._log.warning("feed conflated", overtaken=taken.overtaken, in_all=self._overtaken)
        now, clock = self._wall(), time.monotonic()
        ticks = self._arrivals.ticks(taken.conflated, now, clock)
        for frame in taken.frames:
            try:
                ticks += self._arrivals.ticks(decode(frame), now, clock)
            except FrameError as error:
                self._broken += 1
                self._log.warning("frame refused", reason=str(error))
        self.report.ticks = self._arrivals.counts.ticks
        return ticks

    def _detail(self) -> dict[str, object]:
        counts, lines = self._arrivals.counts, self._lines
        verdict = self._login.verdict
        now = time.monotonic()
        ages = [now - at for each in self._followed if (at := self._arrivals.heard_at(each.token)) is not None]
        return {
            "ticks": counts.ticks,
            "unchanged": counts.unchanged,
            "late": counts.late,
            "overtaken": self._overtaken,
            "broken_frames": self._broken + self._ring.broken,
            "instruments": len(self._followed),
            "instruments_heard": len(ages),
            "oldest_tick_seconds": round(max(ages, default=0.0), 1),
            "connections": 0 if lines is None else lines.connected,
            "heartbeat_age_seconds": 0.0 if lines is None else round(lines.silence, 1),
            "interruptions": self._interruptions,
            "minutes_filled_in": self._filled_in,
            "session": verdict.state.value,
            "session_expires_at": None if verdict.expires_at is None else verdict.expires_at.isoformat(),
        }
