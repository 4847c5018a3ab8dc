"""How fast an account may ask: Zerodha's caps on orders, kept below, exits before entries. Pure.

Placing, changing and cancelling share 10 a second and 400 a minute of the account, whichever key is used;
5,000 orders may be placed a day, those that are rejected included; one order may be changed 25 times.
Entries leave room in each window that only exits, changes and cancellations may use.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

SECOND: Final = 1.0
MINUTE: Final = 60.0
PER_MINUTE: Final = 360
PER_DAY: Final = 4_900
MODIFICATIONS: Final = 20
"""Of one order, of the 25 that are allowed."""
_SPARE: Final = 4
"""One part in so many of each window is not for entries."""


class Caps(msgspec.Struct, frozen=True, kw_only=True):
    """The most that is asked."""

    per_second: int = 8
    per_minute: int = PER_MINUTE
    per_day: int = PER_DAY


class Rates:
    """What was asked lately, by monotonic time, and what was placed today."""

    def __init__(self, caps: Caps, placed_today: int = 0, asked_lately: int = 0, now: float = 0.0) -> None:
        """A restart counts all that was asked in the last minute as asked just now."""
        self.caps = caps
        self.placed_today = placed_today
        self._asked: deque[float] = deque([now] * asked_lately)
        self._blocked_until = 0.0

    def may_place(self, now: float, *, entry: bool) -> bool:
        """Whether one more order may be placed."""
        most = self.caps.per_day - (self.caps.per_day // _SPARE if entry else 0)
        return self.placed_today < most and self.may_ask(now, entry=entry)

    def may_ask(self, now: float, *, entry: bool = False) -> bool:
        """Whether one more order may be placed, changed or cancelled."""
        if now < self._blocked_until:
            return False
        self._forget(now)
        second = sum(1 for at in self._asked if at > now - SECOND)
        caps = (self.caps.per_second, self.caps.per_minute)
        spare = [cap // _SPARE if entry else 0 for cap in caps]
        return second < max(1, caps[0] - spare[0]) and len(self._asked) < caps[1] - spare[1]

    def asked(self, now: float, *, placed: bool) -> None:
        """One more was asked."""
        self._asked.append(now)
        self.placed_today += int(placed)

    def limited(self, now: float, seconds: float) -> None:
        """Zerodha said too many: ask nothing for a while."""
        self._blocked_until = max(self._blocked_until, now + seconds)

    def new_day(self) -> None:
        """The day's count begins anew."""
        self.placed_today = 0

    @property
    def meter(self) -> dict[str, int]:
        """For people: orders of the last second and minute, as they were last looked at, and of the day."""
        latest = self._asked[-1] if self._asked else 0.0
        return {
            "orders_last_second": sum(1 for at in self._asked if at > latest - SECOND),
            "orders_last_minute": len(self._asked),
            "orders_today": self.placed_today,
        }

    def _forget(self, now: float) -> None:
        while self._asked and self._asked[0] <= now - MINUTE:
            self._asked.popleft()
