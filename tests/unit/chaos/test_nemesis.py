"""Faults come at their epochs, are healed whatever happens, and only those that happened count."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.chaos.arena import Arena, ArenaError
from tests.chaos.faults.fault import Fault, MissedError
from tests.chaos.nemesis import Appointment, Nemesis


class Market:
    """An arena whose day goes on by itself, up to its last epoch."""

    def __init__(self, last: int = 376) -> None:
        self.epoch = 0
        self.last = last

    async def past(self, epoch: int, _deadline: float) -> int:
        await asyncio.sleep(0)
        if epoch > self.last:
            raise ArenaError(f"the market did not come to epoch {epoch}")
        self.epoch = max(self.epoch, epoch)
        return self.epoch


class Noted(Fault):
    """A fault that writes down what is done with it."""

    kind = "noted"

    def __init__(self, name: str, notes: list[str], error: Exception | None = None) -> None:
        self.name = name
        self._notes = notes
        self._error = error

    async def inject(self, arena: Any) -> str:  # noqa: ANN401 - the arena is a fake
        self._notes.append(f"{self.name} at {arena.epoch}")
        if self._error is not None:
            raise self._error
        return "it was noted"

    async def heal(self, arena: Arena) -> None:
        _ = arena
        self._notes.append(f"{self.name} healed")


def nemesis(market: Market, *lanes: list[Appointment]) -> Nemesis:
    return Nemesis(market, lanes)  # type: ignore[arg-type] # a fake


async def test_a_lane_goes_from_fault_to_fault_and_heals_each_before_the_next():
    notes: list[str] = []
    acting = nemesis(Market(), [Appointment(10, Noted("a", notes)), Appointment(20, Noted("b", notes))])
    await acting.act(0.0)
    assert notes == ["a at 10", "a healed", "b at 20", "b healed"]
    assert [(each.name, each.epoch, each.evidence) for each in acting.strikes] == [
        ("a", 10, "it was noted"),
        ("b", 20, "it was noted"),
    ]


async def test_a_fault_that_could_not_be_brought_about_is_missed_and_healed_all_the_same():
    notes: list[str] = []
    acting = nemesis(Market(), [Appointment(10, Noted("a", notes, MissedError("it lives on")))])
    await acting.act(0.0)
    assert (acting.strikes, acting.missed) == ([], ["a: it lives on"])
    assert notes[-1] == "a healed"


async def test_a_market_that_stands_ends_all_lanes():
    notes: list[str] = []
    acting = nemesis(Market(last=15), [Appointment(10, Noted("a", notes))], [Appointment(20, Noted("b", notes))])
    with pytest.raises(ArenaError, match="epoch 20"):
        await acting.act(0.0)
