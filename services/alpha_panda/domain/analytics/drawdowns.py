"""Drawdowns: how far below its highest value an account stood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

Point = tuple[datetime, int]
"""A moment and the equity then, in paise."""


class Drawdown(msgspec.Struct, frozen=True, kw_only=True):
    """A fall from a peak to the lowest point before a new peak."""

    depth: float
    """As a share of the peak: 0.05 is 5 %."""
    depth_paise: int
    peak_at: datetime
    trough_at: datetime
    recovered_at: datetime | None
    """When equity was at the peak's height again; None where it never was."""


def underwater(points: Sequence[Point]) -> Iterator[tuple[datetime, float]]:
    """At each point the fall from the highest equity so far, as a share of it: 0 at a peak."""
    highest = 0
    for moment, equity in points:
        highest = max(highest, equity)
        yield moment, (highest - equity) / highest if highest > 0 else 0.0


def deepest(points: Sequence[Point]) -> Drawdown | None:
    """The drawdown that was the largest share of its peak, the first of several; None where equity never fell."""
    worst: tuple[float, Point, Point] | None = None
    peak: Point | None = None
    for point in points:
        if peak is None or point[1] >= peak[1]:
            peak = point
            continue
        depth = (peak[1] - point[1]) / peak[1] if peak[1] > 0 else 0.0
        if depth > (worst[0] if worst is not None else 0.0):
            worst = depth, peak, point
    if worst is None:
        return None
    depth, top, trough = worst
    recovered = next((moment for moment, equity in points if moment > trough[0] and equity >= top[1]), None)
    return Drawdown(
        depth=depth, depth_paise=top[1] - trough[1], peak_at=top[0], trough_at=trough[0], recovered_at=recovered
    )


def longest(points: Sequence[Point]) -> timedelta:
    """The longest time from a peak until its height was reached again, or until the end."""
    found = timedelta()
    peak: Point | None = None
    under = False
    for point in points:
        if peak is not None and (under or point[1] < peak[1]):
            found = max(found, point[0] - peak[0])
        under = peak is not None and point[1] < peak[1]
        if not under:
            peak = point
    return found
