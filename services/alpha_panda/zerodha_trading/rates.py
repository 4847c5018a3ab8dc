"""How fast an account may ask: Zerodha's caps on orders, kept below, exits before entries. Pure.

Placing, changing and cancelling share 10 a second and 400 a minute of the account, whichever key is used;
5,000 orders may be placed a day, those that are rejected included; one order may be changed 25 times.
Entries leave room in each window that only exits, changes and cancellations may use.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

import msgspec

SECOND: Final = 1.2
"""A little more: requests that leave one after the other may arrive closer together."""
MINUTE: Final = 60.0
PER_MINUTE: Final = 360
PER_DAY: Final = 4_900
MODIFICATIONS: Final = 20
"""Of one order, of the 25 that are allowed."""
_SPARE: Final = 4
"""One part in so many of each window is not for entries."""


class Ended(Protocol):
    """Hears when a request left, or None where it did not."""

    def __call__(self, left: float | None, *, placed: bool) -> None:
        """Once."""


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
        self._under_way = 0
        self._blocked_until = 0.0

    def may_place(self, now: float, *, entry: bool) -> bool:
        """Whether one more order may be placed."""
        most = self.caps.per_day - (self.caps.per_day // _SPARE if entry else 0)
        return self.placed_today + self._under_way < most and self.may_ask(now, entry=entry)

    def may_ask(self, now: float, *, entry: bool = False) -> bool:
        """Whether one more order may be placed, changed or cancelled."""
        if now < self._blocked_until:
            return False
        self._forget(now)
        second = sum(1 for at in self._asked if at > now - SECOND)
        caps = (self.caps.per_second, self.caps.per_minute)
        spare = [cap // _SPARE if entry else 0 for cap in caps]
        return (
            second + self._under_way < max(1, caps[0] - spare[0])
            and len(self._asked) + self._under_way < caps[1] - spare[1]
        )

    def request(self) -> Departure:
        """Something that is to be asked: it counts from now on until it has left, and then by when it did.

        What has to be done first takes its time, so that many that began apart might else leave together.
        """
        self._under_way += 1
        return Departure(self._ended)

    def _ended(self, left: float | None, *, placed: bool) -> None:
        self._under_way -= 1
        if left is not None:
            self._asked.append(left)
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


class Departure:
    """Of one request, which leaves once or never."""

    def __init__(self, ended: Ended) -> None:
        """It has not left; `ended` is told when it has, or will not."""
        self._ended = ended
        self._is_open = True

    def leave(self, now: float, *, placed: bool = False) -> None:
        """It leaves now; `placed` where it places an order."""
        self._end(now, placed=placed)

    def close(self) -> None:
        """It leaves no more, where it has not."""
        self._end(None, placed=False)

    def _end(self, left: float | None, *, placed: bool) -> None:
        if self._is_open:
            self._is_open = False
            self._ended(left, placed=placed)
