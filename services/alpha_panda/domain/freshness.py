"""How fresh an instrument's prices are: when the last came, how long it was silent, where it closed the day before.

Times are event times of its ticks. Only the session counts: silence before the open is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A silence between two prices."""

    began: datetime
    ended: datetime


class Freshness(msgspec.Struct, kw_only=True):
    """The day's prices of each instrument, by token."""

    seen: dict[int, datetime] = msgspec.field(default_factory=dict)
    gaps: dict[int, Gap] = msgspec.field(default_factory=dict)
    """The last silence that was longer than allowed."""
    closes: dict[int, int] = msgspec.field(default_factory=dict)
    """The last price of the day before, in paise."""

    def note(self, token: int, moment: datetime, longest: timedelta | None) -> None:
        """A price came."""
        last = self.seen.get(token)
        self.seen[token] = moment
        if longest is not None and last is not None and moment - last > longest:
            self.gaps[token] = Gap(began=last, ended=moment)

    def roll(self, marks: Mapping[int, int]) -> None:
        """A new day begins; `marks` are the last prices until now."""
        self.closes = dict(marks)
        self.seen.clear()
        self.gaps.clear()

    def age(self, token: int, now: datetime, opened: datetime) -> timedelta:
        """How long the session has been going on without a price."""
        return now - max(self.seen.get(token, opened), opened)

    def gap(self, token: int, now: datetime, opened: datetime, longest: timedelta) -> timedelta | None:
        """The length of a silence that was longer than allowed and ended not longer ago than that; None without."""
        gap = self.gaps.get(token)
        if gap is None or now - gap.ended >= longest:
            return None
        length = gap.ended - max(gap.began, opened)
        return length if length > longest else None
