"""Averages that never forget all at once: exponential ones, which need one number of memory.

They are parts of indicators, and serve a strategy that averages something other than closes. They do
not drift: each step shrinks the rounding error of those before it.
"""

from __future__ import annotations

from typing import Final

import msgspec

NOTHING: Final = 1e-14
"""Of the price: a sum of moves below this is what is left after hundreds of bars that did not move."""


class Exponential(msgspec.Struct):
    """Moves by `alpha` of the distance to each number; seeded by the mean of the first `size` numbers."""

    size: int
    alpha: float
    seen: int = 0
    total: float = 0.0
    value: float | None = None

    def push(self, number: float) -> float | None:
        """Take the next number; return the average, None while it is seeded."""
        value = self.value
        if value is not None:
            self.value = value = value + self.alpha * (number - value)
            return value
        self.seen += 1
        self.total += number
        if self.seen == self.size:
            self.value = self.total / self.size
        return self.value


def exponential(size: int) -> Exponential:
    """The usual one: alpha is 2 / (size + 1)."""
    return Exponential(size, 2 / (size + 1))


def smoothed(size: int) -> Exponential:
    """The slower one of RSI and ATR: alpha is 1 / size."""
    return Exponential(size, 1 / size)
