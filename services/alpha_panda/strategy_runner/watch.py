"""The watch over calls into strategies: what it is told, and what it does where a call takes too much.

The runner's core knows this face only. In a service a `TickWatch` is behind it; where nobody watches
(tests of the core, tools), `NoWatch`.
"""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

SIZE: Final = "size"
"""The call in which the runner itself looks through a strategy's memory."""
PATIENCE: Final = {"load": 40, SIZE: 40}
"""By call: how many times the budget of time it may take; importing a trader's packages takes seconds, not more."""


class OutOfTimeError(BaseException):
    """Raised inside a call that has used up its time; no Exception, so that few strategies catch it."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What strategies may take: time and growth of memory in one call, memory kept between calls, wishes at once."""

    milliseconds: int = 250
    growth_bytes: int = 256 * 1024 * 1024
    state_bytes: int = 64 * 1024 * 1024
    wishes: int = 50


class Watch(Protocol):
    """Told of the beginning and the end of every call; it is in the hot path."""

    def begin(self, label: bytes, cause: bytes, patience: int) -> None:
        """A call begins; it may be interrupted by OutOfTimeError until its end."""

    def end(self) -> int:
        """It ended; the milliseconds after which it was found to be out of time, 0 where it was not."""

    def make_room(self) -> int:
        """After a MemoryError: let memory grow again; the bytes by which it has grown in this call."""

    def has_grown(self) -> bool:
        """Whether the process holds so much more than when this last said so that a strategy may keep too much."""


class NoWatch:
    """Nobody watches."""

    def begin(self, label: bytes, cause: bytes, patience: int) -> None:
        """Nothing."""

    def end(self) -> int:
        """In time."""
        return 0

    def make_room(self) -> int:
        """Nothing is known."""
        return 0

    def has_grown(self) -> bool:
        """Nothing is known."""
        return False
