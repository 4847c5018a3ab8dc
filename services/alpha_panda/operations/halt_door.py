"""A door of the kill switch: one store that can say that trading is halted, and what it says."""

from __future__ import annotations

from abc import ABC, abstractmethod

import msgspec

from alpha_panda.domain.kill_switch import Halts
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A halt in force, by what one door says."""

    scope: HaltScope
    subject: str
    door: str
    actor: str | None
    reason: str

    @property
    def where(self) -> str:
        """`all`, `strategy momentum`."""
        return f"{self.scope} {self.subject}".strip()


class Door(ABC):
    """One store that can hold a halt; every method raises a PandaError where the store does not answer."""

    name: str
    seconds = 5.0
    """How long it may take: somebody is waiting for trading to stop."""
    prompt = False
    """Whether a press takes effect here within milliseconds: such a door is pressed a moment before the others."""

    def serves(self, scope: HaltScope) -> bool:
        """Whether a halt of this scope can be said here."""
        _ = scope
        return True

    @abstractmethod
    async def read(self) -> tuple[Standing, ...]:
        """The halts that it holds."""

    @abstractmethod
    async def press(self, halt: TradingHalted) -> str:
        """Hold a halt; what is to be known about it."""

    @abstractmethod
    async def release(self, resumed: TradingResumed) -> str:
        """Let go of the halt of exactly this scope and subject; what is to be known about it."""


def standings(door: str, halts: Halts) -> tuple[Standing, ...]:
    """The halts that a door holds, in the order of their keys."""
    return tuple(
        Standing(scope=halt.scope, subject=halt.subject, door=door, actor=halt.actor, reason=halt.reason)
        for _, halt in sorted(halts.items())
    )
