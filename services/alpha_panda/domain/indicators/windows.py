"""The last few numbers of a series: their exact sum, their mean, and their largest, at constant cost for each number.

They are parts of indicators: plain numbers in and out, and the state is the struct itself.
"""

from __future__ import annotations

import math

import msgspec


class Window(msgspec.Struct):
    """The last numbers, whole ones, and their sum, which is exact because they are whole.

    Before there are as many as it holds, those that are `missing` count as 0.
    """

    size: int
    ring: list[int]
    missing: int
    place: int = 0
    total: int = 0

    @property
    def mean(self) -> int | None:
        """In whole numbers, rounded down; None while it fills."""
        return None if self.missing else self.total // self.size

    def push(self, number: int) -> int:
        """Take the next number; return the one that it drives out."""
        place, ring = self.place, self.ring
        dropped = ring[place]
        ring[place] = number
        self.total += number - dropped
        place += 1
        self.place = 0 if place == self.size else place
        if self.missing:
            self.missing -= 1
        return dropped


def window(size: int) -> Window:
    """With no number yet."""
    return Window(size, [0] * size, size)


class MovingMean(msgspec.Struct):
    """The mean of the last `size` numbers that need not be whole.

    Their sum is made anew each time the ring comes round, so that rounding errors of no more than `size`
    numbers are in it, however long the series.
    """

    size: int
    ring: list[float] = msgspec.field(default_factory=list)
    place: int = 0
    total: float = 0.0

    def push(self, number: float) -> float | None:
        """Take the next number; return the mean, None while the window fills."""
        ring = self.ring
        if len(ring) < self.size:
            ring.append(number)
            if len(ring) < self.size:
                return None
            self.total = math.fsum(ring)
            return self.total / self.size
        place = self.place
        self.total += number - ring[place]
        ring[place] = number
        place += 1
        if place == self.size:
            place = 0
            self.total = math.fsum(ring)
        self.place = place
        return self.total / self.size


class Highest(msgspec.Struct):
    """The largest of the last `size` numbers; of their negatives, the smallest.

    Kept is a falling line of candidates, each with its place in the series: a number ends all before it
    that are not larger. Every number enters and leaves once, so the cost for each is constant on average.
    """

    size: int
    seen: int = 0
    head: int = 0
    numbers: list[int] = msgspec.field(default_factory=list)
    places: list[int] = msgspec.field(default_factory=list)

    def push(self, number: int) -> int:
        """Take the next number; return the largest of the window, or of what there is while it fills."""
        numbers, places, head = self.numbers, self.places, self.head
        self.seen = seen = self.seen + 1
        while len(numbers) > head and numbers[-1] <= number:
            numbers.pop()
            places.pop()
        numbers.append(number)
        places.append(seen)
        if places[head] <= seen - self.size:
            head += 1
            if head > self.size:
                del numbers[:head], places[:head]
                head = 0
            self.head = head
        return numbers[head]

    @property
    def is_full(self) -> bool:
        """Whether there were `size` numbers."""
        return self.seen >= self.size
