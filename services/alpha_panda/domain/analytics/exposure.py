"""Exposure: the share of the market's open hours in which any position was held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from alpha_panda.domain.calendar import Session

Span = tuple[datetime, datetime]


def exposure(held: Iterable[Span], sessions: Iterable[Session]) -> float | None:
    """Time with a position over time with a session; None without sessions. Spans may overlap, nights do not count."""
    merged = list(_merged(held))
    total, inside, at = timedelta(), timedelta(), 0
    for session in sessions:
        total += session.close - session.open
        while at < len(merged) and merged[at][1] <= session.open:
            at += 1
        for begin, end in merged[at:]:
            if begin >= session.close:
                break
            inside += min(end, session.close) - max(begin, session.open)
    return inside / total if total else None


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The same time in spans that do not touch each other, in order."""
    current: Span | None = None
    for begin, end in sorted(spans):
        if current is None:
            current = begin, end
        elif begin <= current[1]:
            current = current[0], max(current[1], end)
        else:
            yield current
            current = begin, end
    if current is not None:
        yield current
