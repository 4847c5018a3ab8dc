"""Indicators that take one value at a time: constant work and memory for each, whatever the history.

Each is None until it is defined, with an explicit `warm_up` count of values, and has an exact snapshot.
They compute in floats: they are opinions about prices and never money.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol


class Indicator(Protocol):
    """What every indicator has in common."""

    @property
    def warm_up(self) -> int:
        """Values that must be seen until `value` is defined."""

    @property
    def value(self) -> float | None:
        """The indicator after the last value; None before it is defined."""

    def update(self, value: float) -> float | None:
        """Take the next value; return the indicator."""

    def snapshot(self) -> dict[str, Any]:
        """The whole state in JSON's values."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `snapshot` gave."""


def _check_period(period: int) -> int:
    if period < 1:
        raise ValueError(f"a period of {period} values is not possible, at least 1")
    return period


class Sma:
    """Simple moving average: the mean of the last `period` values."""

    def __init__(self, period: int) -> None:
        self.warm_up = _check_period(period)
        self.value: float | None = None
        self._window: deque[float] = deque(maxlen=period)
        self._sum = 0.0

    def update(self, value: float) -> float | None:
        """Take the next value; return the average."""
        if len(self._window) == self.warm_up:
            self._sum -= self._window[0]
        self._window.append(value)
        self._sum += value
        if len(self._window) == self.warm_up:
            self.value = self._sum / self.warm_up
        return self.value

    def snapshot(self) -> dict[str, Any]:
        """The window and its sum: the sum as it was rounded on the way, not as it would be added anew."""
        return {"window": list(self._window), "sum": self._sum, "value": self.value}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `snapshot` gave."""
        self._window = deque(state["window"], maxlen=self.warm_up)
        self._sum, self.value = state["sum"], state["value"]


class Ema:
    """Exponential moving average, alpha = 2 / (period + 1), seeded by the mean of the first `period` values.

    This is TA-Lib's definition of EMA.
    """

    def __init__(self, period: int) -> None:
        self.warm_up = _check_period(period)
        self.value: float | None = None
        self._alpha = 2 / (period + 1)
        self._seen = 0
        self._sum = 0.0

    def update(self, value: float) -> float | None:
        """Take the next value; return the average."""
        if self.value is not None:
            self.value += self._alpha * (value - self.value)
            return self.value
        self._seen += 1
        self._sum += value
        if self._seen == self.warm_up:
            self.value = self._sum / self.warm_up
        return self.value

    def snapshot(self) -> dict[str, Any]:
        """The average, or the seed so far."""
        return {"seen": self._seen, "sum": self._sum, "value": self.value}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `snapshot` gave."""
        self._seen, self._sum, self.value = state["seen"], state["sum"], state["value"]


class RateOfChange:
    """Change against the value `period` values ago, in percent of it. Values must not be zero."""

    def __init__(self, period: int) -> None:
        self.warm_up = _check_period(period) + 1
        self.value: float | None = None
        self._window: deque[float] = deque(maxlen=period + 1)

    def update(self, value: float) -> float | None:
        """Take the next value; return the change."""
        self._window.append(value)
        if len(self._window) == self.warm_up:
            self.value = (value / self._window[0] - 1) * 100
        return self.value

    def snapshot(self) -> dict[str, Any]:
        """The window and the change."""
        return {"window": list(self._window), "value": self.value}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `snapshot` gave."""
        self._window = deque(state["window"], maxlen=self.warm_up)
        self.value = state["value"]
