"""Where values stand on a chart: times by the hours that the market was open, numbers between round ticks."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from alpha_panda.domain.calendar import IST, Session

_STEPS: Final = (1, 2, 2.5, 5, 10)


class MarketTime:
    """Moments as shares of all open hours, so that nights and holidays take no room."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        """Take at least one session, in order."""
        self._sessions = sessions
        self._opens = [each.open for each in sessions]
        self._before = [0.0]
        for each in sessions:
            self._before.append(self._before[-1] + (each.close - each.open).total_seconds())

    def share(self, moment: datetime) -> float:
        """0 at the first open, 1 at the last close; a moment between sessions stands where the one before ended."""
        index = bisect_right(self._opens, moment) - 1
        if index < 0:
            return 0.0
        session = self._sessions[index]
        inside = min(moment, session.close) - session.open
        return (self._before[index] + inside.total_seconds()) / self._before[-1]

    def ticks(self, most: int) -> Iterator[tuple[float, str]]:
        """At most so many labelled places: hours of one session, else days or months."""
        if len(self._sessions) == 1:
            yield from self._hours(self._sessions[0])
            return
        step = math.ceil(len(self._sessions) / most)
        years = self._sessions[0].date.year != self._sessions[-1].date.year
        for session in self._sessions[::step]:
            yield (
                self.share(session.open),
                f"{session.date:%b %Y}" if years else f"{session.date.day} {session.date:%b}",
            )

    def _hours(self, session: Session) -> Iterator[tuple[float, str]]:
        first = session.open.astimezone(IST)
        for hour in range(first.hour + 1, session.close.astimezone(IST).hour + 1):
            moment = first.replace(hour=hour, minute=0)
            yield self.share(moment), f"{moment:%H:%M}"


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from below `low` to above `high`, about `most` of them."""
    span = high - low or abs(high) or 1.0
    rough = span / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in _STEPS if factor * power >= rough)
    first = math.floor(low / step)
    last = max(math.ceil(high / step), first + 1)
    return [index * step for index in range(first, last + 1)]


def thinned(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """About four times `most` points that look the same: of each stretch the first, lowest, highest and last."""
    if len(points) <= most * 4:
        return list(points)
    size = math.ceil(len(points) / most)
    kept: list[tuple[float, float]] = []
    for begin in range(0, len(points), size):
        part = range(begin, min(begin + size, len(points)))
        chosen = {part[0], part[-1], min(part, key=lambda at: points[at][1]), max(part, key=lambda at: points[at][1])}
        kept += [points[at] for at in sorted(chosen)]
    return kept
