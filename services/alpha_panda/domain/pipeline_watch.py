"""Is a stage of the pipeline stuck or falling behind? Pure: observations in, findings out, no clock of its own.

A stage's loop observes itself many times a second; whoever asks brings the present moment. A stage that
has something to do and does nothing is stuck, whether its loop turns or not; one that waits for another's
marker names it, so that the chain of findings leads to the stage at fault. What waits for the feed alone
is not stuck: the feed may be paced, and `feed_watch` judges it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec


class Code(StrEnum):
    """What can be wrong; stable, for metrics and for programs that read `panda status -o json`."""

    STALE_FEED = "stale_feed"
    STALE_INSTRUMENTS = "stale_instruments"
    NO_PROGRESS = "no_progress"
    GROWING_LAG = "growing_lag"
    NOT_ANSWERING = "not_answering"


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """From when on something is worth a finding; `docs/settings.md`, section `watch`."""

    stale_feed_seconds: float = 10.0
    stale_instrument_seconds: float = 300.0
    no_progress_seconds: float = 5.0
    lag_floor_records: int = 10_000
    lag_windows: int = 5
    lag_window_seconds: float = 2.0


class Now(msgspec.Struct, frozen=True, kw_only=True):
    """The moment of a question: `monotonic` seconds measure, `wall` says since when."""

    monotonic: float
    wall: datetime

    def before(self, seconds: float) -> datetime:
        """The whole second of wall time so long ago."""
        return (self.wall - timedelta(seconds=seconds)).replace(microsecond=0)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, since when, by which numbers, and where to look."""

    code: Code
    subject: str
    since: datetime
    seconds: float
    message: str
    look: str
    waits_for: tuple[str, ...] = ()
    """The tasks upstream that it waits for: the fault is there rather than here."""
    numbers: dict[str, float] = {}


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage's loop knows of itself at one moment.

    `pending` are records to read and records that wait; `done` counts whatever was dealt with and only
    ever rises; `waits_for` are the upstream tasks whose marker of the next epoch is missing.
    """

    at: float
    pending: int
    done: int
    waits_for: tuple[str, ...] = ()


class StageWatch:
    """Watches one stage by what its loop observes; without any observation it says nothing."""

    def __init__(self, stage: str, bounds: Bounds, paced: str = "") -> None:
        """`paced` is the task that may rightly be waited for: the feed."""
        self._stage = stage
        self._bounds = bounds
        self._paced = paced
        self._last: Observation | None = None
        self._progress_at = 0.0
        self._growth = Growth(bounds)

    def observe(self, seen: Observation) -> None:
        """Take in what the loop sees now."""
        last = self._last
        if last is None or not seen.pending or seen.done != last.done or self._rests(seen):
            self._progress_at = seen.at
        self._growth.observe(seen.at, seen.pending)
        self._last = seen

    def progress_age(self, now: float) -> float:
        """Seconds since it last did something or had nothing to do."""
        last = self._last
        return 0.0 if last is None else max(0.0, now - self._progress_at)

    @property
    def pending(self) -> int:
        """Records to read and records that wait, as last seen."""
        return 0 if self._last is None else self._last.pending

    def findings(self, now: Now) -> tuple[Finding, ...]:
        """What is wrong at this moment."""
        last = self._last
        if last is None:
            return ()
        found = [self._stuck(last, now), self._growing(last, now)]
        return tuple(each for each in found if each is not None)

    def _rests(self, seen: Observation) -> bool:
        return bool(self._paced) and seen.waits_for == (self._paced,)

    def _stuck(self, last: Observation, now: Now) -> Finding | None:
        bound = self._bounds.no_progress_seconds
        unseen, idle = now.monotonic - last.at, now.monotonic - self._progress_at
        if unseen > bound:
            says = f"its loop has not turned for {unseen:.0f} s: a store does not answer it, or it hangs"
            return self._finding(Code.NO_PROGRESS, unseen, says, now, last)
        if idle <= bound:
            return None
        says = f"{last.pending} records wait and none was dealt with for {idle:.0f} s"
        if last.waits_for:
            says += f"; it waits for {', '.join(last.waits_for)}"
        return self._finding(Code.NO_PROGRESS, idle, says, now, last, last.waits_for)

    def _growing(self, last: Observation, now: Now) -> Finding | None:
        since = self._growth.since
        if since is None:
            return None
        seconds = max(0.0, now.monotonic - since)
        says = f"{last.pending} records wait, more and more for {seconds:.0f} s"
        return self._finding(Code.GROWING_LAG, seconds, says, now, last)

    def _finding(  # noqa: PLR0913, PLR0917 - the parts of a finding
        self, code: Code, seconds: float, says: str, now: Now, last: Observation, waits_for: tuple[str, ...] = ()
    ) -> Finding:
        look = f"panda logs {self._stage}" if not waits_for else f"panda logs {waits_for[0].partition('/')[0]}"
        return Finding(
            code=code,
            subject=self._stage,
            since=now.before(seconds),
            seconds=round(seconds, 1),
            message=says,
            look=look,
            waits_for=waits_for,
            numbers={"pending": last.pending, "done": last.done},
        )


class Growth:
    """Whether a level rises window after window. It raises slowly and clears by half the floor or a long rest.

    A window's level is the lowest in it, so that a batch that was just fetched is no rise.
    """

    def __init__(self, bounds: Bounds) -> None:
        """Nothing was seen."""
        self._bounds = bounds
        self._window_began: float | None = None
        self._lowest = 0
        self._before: int | None = None
        self._rose = 0
        self._rested = 0
        self._rises_since = 0.0
        self.since: float | None = None
        """When the rise began that is going on; None while there is none."""

    def observe(self, at: float, level: int) -> None:
        """Take in the level now."""
        if self._window_began is None:
            self._window_began, self._lowest = at, level
            return
        if at - self._window_began >= self._bounds.lag_window_seconds:
            self._close(self._window_began)
            self._window_began, self._lowest = at, level
        self._lowest = min(self._lowest, level)

    def _close(self, began: float) -> None:
        level, before = self._lowest, self._before
        self._before = level
        if before is None:
            return
        if level > before:
            if not self._rose:
                self._rises_since = began
            self._rose, self._rested = self._rose + 1, 0
        else:
            self._rose, self._rested = 0, self._rested + 1
        if self.since is None:
            if self._rose >= self._bounds.lag_windows and level >= self._bounds.lag_floor_records:
                self.since = self._rises_since
        elif level < self._bounds.lag_floor_records / 2 or self._rested >= self._bounds.lag_windows:
            self.since = None
