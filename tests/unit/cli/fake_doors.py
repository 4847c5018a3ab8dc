"""Stores that hold halts in memory, as the kill switch's doors; each can be down."""

from __future__ import annotations

from alpha_panda.domain.kill_switch import Halts, note
from alpha_panda.errors import UnavailableError
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.operations.halt_door import Door, Standing, standings


class FakeDoor(Door):
    """Holds halts of some scopes."""

    def __init__(self, name: str, scopes: tuple[HaltScope, ...] = tuple(HaltScope)) -> None:
        self.name = name
        self.halts: Halts = {}
        self.down = False
        self._scopes = scopes

    def serves(self, scope: HaltScope) -> bool:
        return scope in self._scopes

    async def read(self) -> tuple[Standing, ...]:
        self._answer()
        return standings(self.name, self.halts)

    async def press(self, halt: TradingHalted) -> str:
        self._answer()
        note(self.halts, halt)
        return "kept"

    async def release(self, resumed: TradingResumed) -> str:
        self._answer()
        note(self.halts, resumed)
        return "gone"

    def _answer(self) -> None:
        if self.down:
            raise UnavailableError(f"{self.name} does not answer")
