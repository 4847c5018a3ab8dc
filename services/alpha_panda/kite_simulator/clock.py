"""The simulator's time: the wall clock's, or that of a day which is replayed at some speed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from alpha_panda.domain.calendar import IST


class SimulatedClock:
    """Time that goes on by itself from where it was set."""

    def __init__(
        self, start: datetime | None = None, speed: float = 1.0, ticking: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin at `start`, the present without one; `speed` 60 makes an hour of a minute."""
        self._ticking = ticking
        self._speed = speed
        self.set(start or datetime.now(UTC))

    def now(self) -> datetime:
        """The present, aware UTC."""
        return self._from + timedelta(seconds=(self._ticking() - self._at) * self._speed)

    def set(self, moment: datetime) -> None:
        """Go on from another moment."""
        self._from = moment.astimezone(UTC)
        self._at = self._ticking()

    def pace(self, speed: float) -> None:
        """Go on from now at another speed."""
        self.set(self.now())
        self._speed = speed

    def seconds_until(self, moment: datetime) -> float:
        """Real seconds until the clock shows `moment`; not less than none."""
        return max(0.0, (moment - self.now()).total_seconds() / self._speed)


def stamp(moment: datetime | None) -> str | None:
    """As replies write it: seconds in India, without an offset."""
    return None if moment is None else moment.astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")
