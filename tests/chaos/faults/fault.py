"""What a fault is: something that is done to a running platform, taken back, and known to have happened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from tests.chaos.arena import Arena


class MissedError(Exception):
    """The fault could not be brought about, so the run proves nothing about it."""


class Fault(ABC):
    """One fault. `hold` is how long it lasts before it is healed."""

    kind: str
    """The family it is counted under."""
    name: str
    """What is done to whom."""
    hold: float = 0.0
    needs_doors: bool = False
    """Whether it works on proxies before the stores."""
    needs_small_disk: bool = False
    """Whether the data directory must be on a disk of its own."""

    @abstractmethod
    async def inject(self, arena: Arena) -> str:
        """Do it; returns how we know that it happened. Raises MissedError where it did not."""

    async def heal(self, arena: Arena) -> None:  # noqa: B027 - most faults end by themselves
        """Take it back."""


@dataclass(frozen=True)
class Strike:
    """A fault that happened."""

    kind: str
    name: str
    at: datetime
    """When the harm was done, by the wall clock."""
    epoch: int
    """The epoch that was out by then."""
    evidence: str
