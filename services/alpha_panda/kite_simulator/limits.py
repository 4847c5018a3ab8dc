"""How often an account may call: sliding windows over all its keys, as the real thing counts them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from alpha_panda.kite_simulator.refusals import ErrorType, KiteRefusal, too_many

WINDOWS: Final = {
    "order": ((10, 1.0), (400, 60.0)),
    "quote": ((1, 1.0),),
    "historical": ((3, 1.0),),
    "other": ((10, 1.0),),
}
"""Calls and seconds, by kind of call; placing, modifying and cancelling count together."""
ORDERS_A_DAY: Final = 5_000
MODIFICATIONS: Final = 25


class Limits:
    """What the account has used of its limits."""

    def __init__(self, *, enforced: bool = True, ticking: Callable[[], float] = time.monotonic) -> None:
        """Nothing is used; limits that are not enforced are still counted."""
        self._enforced = enforced
        self._ticking = ticking
        self._calls: dict[str, deque[float]] = {kind: deque() for kind in WINDOWS}
        self.placed = 0
        self.refused = 0

    def count(self, kind: str) -> None:
        """A call of this kind; refused calls count, too."""
        now, calls = self._ticking(), self._calls[kind]
        while calls and now - calls[0] >= WINDOWS[kind][-1][1]:
            calls.popleft()
        full = any(sum(now - at < seconds for at in calls) >= most for most, seconds in WINDOWS[kind])
        calls.append(now)
        if full:
            self._refuse(too_many())

    def count_placement(self) -> None:
        """An order is placed, whatever becomes of it."""
        self.placed += 1
        if self.placed > ORDERS_A_DAY:
            self._refuse(KiteRefusal(ErrorType.NETWORK, "Maximum allowed orders for the day exceeded.", 429))

    def count_modification(self, number: int) -> None:
        """The `number`th modification of an order."""
        if number > MODIFICATIONS:
            self._refuse(KiteRefusal(ErrorType.NETWORK, "Maximum allowed order modifications exceeded.", 429))

    def new_day(self) -> None:
        """The day's orders are counted anew."""
        self.placed = 0

    def _refuse(self, refusal: KiteRefusal) -> None:
        if not self._enforced:
            return
        self.refused += 1
        raise refusal
