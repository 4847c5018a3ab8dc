"""A service's own watch: what its loop sees goes in, and whoever asks for status or metrics gets the findings.

The loop leaves observations behind, as it does for `health`; the question is answered on another thread,
so that a loop that hangs is told, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.feed_watch import FeedWatch
from alpha_panda.domain.pipeline_watch import Bounds, Code, Finding, Now, Observation, StageWatch


class ServiceWatch:
    """The stage of one process, and the market where it publishes or reads it."""

    def __init__(
        self,
        stage: str,
        bounds: Bounds,
        *,
        paced: str = "",
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`paced` is the task that a stage may wait for without being stuck."""
        self._stage = StageWatch(stage, bounds, paced)
        self._bounds = bounds
        self._clock = clock
        self._wall = wall
        self._feed: FeedWatch | None = None

    def watch_market(
        self,
        calendar: SessionCalendar | None,
        *,
        names: Mapping[int, str] | None = None,
        live: bool = False,
        silence: float = 0.0,
    ) -> None:
        """Watch the market, too; without a calendar as a replay. `names` are instruments to watch one by one.

        `silence` are the seconds for which its source says nothing by its nature.
        """
        bounds = msgspec.structs.replace(self._bounds, stale_feed_seconds=max(self._bounds.stale_feed_seconds, silence))
        self._feed = FeedWatch(bounds, calendar, self._clock(), live=live)
        self._feed.follow(names or {})

    def observe(self, pending: int, done: int, waits_for: tuple[str, ...] = ()) -> None:
        """The loop went round and sees this."""
        self._stage.observe(Observation(at=self._clock(), pending=pending, done=done, waits_for=waits_for))

    def heard(self, event_time: datetime, tokens: Iterable[int] = ()) -> None:
        """Ticks came."""
        if self._feed is not None:
            self._feed.heard(self._clock(), event_time, tokens)

    def nothing_due(self) -> None:
        """The feed of a replay may not move now."""
        if self._feed is not None:
            self._feed.nothing_due(self._clock())

    def ended(self) -> None:
        """The replay has ended."""
        if self._feed is not None:
            self._feed.end()

    def findings(self) -> tuple[Finding, ...]:
        """What is wrong now."""
        now = Now(monotonic=self._clock(), wall=self._wall())
        of_market = self._feed.findings(now) if self._feed is not None else ()
        return (*of_market, *self._stage.findings(now))

    def has(self, code: Code) -> bool:
        """Whether this is wrong now, for metrics."""
        return any(each.code is code for each in self.findings())

    @property
    def progress_age(self) -> float:
        """Seconds since the stage did something or had nothing to do."""
        return self._stage.progress_age(self._clock())

    @property
    def pending(self) -> int:
        """Records to read and records that wait."""
        return self._stage.pending

    @property
    def silence(self) -> float:
        """Seconds since the last tick; 0 where no market is watched."""
        return self._feed.silence(self._clock()) if self._feed is not None else 0.0
