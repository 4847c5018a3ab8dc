"""A service that dies at a named place between two of its steps (see `alpha_panda.runtime.fail_points`)."""

from __future__ import annotations

import asyncio
import time

from tests.chaos.arena import Arena
from tests.chaos.faults.fault import Fault, MissedError
from tests.chaos.faults.processes import SERVICES

from alpha_panda.runtime.fail_points import FailPoint

_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 120.0
_STREAM = (
    FailPoint.AFTER_CONSUME,
    FailPoint.BEFORE_PRODUCE,
    FailPoint.AMID_PRODUCE,
    FailPoint.AFTER_PRODUCE,
    FailPoint.AFTER_MARK,
    FailPoint.BEFORE_SNAPSHOT,
    FailPoint.AFTER_SNAPSHOT,
    FailPoint.BEFORE_COMMIT,
    FailPoint.AFTER_COMMIT,
)
_OTHERS = {
    "market-feed": (
        FailPoint.BEFORE_PRODUCE,
        FailPoint.AMID_PRODUCE,
        FailPoint.AFTER_PRODUCE,
        FailPoint.AFTER_MARK,
    ),
    "paper.portfolio": (*_STREAM, FailPoint.AFTER_EFFECTS),
    "history": (
        FailPoint.AFTER_CONSUME,
        FailPoint.BEFORE_SNAPSHOT,
        FailPoint.AFTER_SNAPSHOT,
        FailPoint.BEFORE_COMMIT,
        FailPoint.AFTER_COMMIT,
    ),
}
PASSED: dict[str, tuple[FailPoint, ...]] = {name: _OTHERS.get(name, _STREAM) for name in SERVICES}
"""Which places each service comes by in a replay: the feed consumes nothing, history decides and snapshots nothing."""
_WITH_A_SNAPSHOT = (
    FailPoint.BEFORE_SNAPSHOT,
    FailPoint.AFTER_EFFECTS,
    FailPoint.AFTER_SNAPSHOT,
    FailPoint.BEFORE_COMMIT,
    FailPoint.AFTER_COMMIT,
)
"""Passed twice a second at most, so that a service that is late may have one passing left before the day is over."""


class DieAt(Fault):
    """kill -9 at a place, at a given passing of it where it comes by often."""

    kind = "fail-point"

    def __init__(self, service: str, point: FailPoint, passing: int = 1) -> None:
        self._service = service
        self._point = point
        self._passing = 1 if point in _WITH_A_SNAPSHOT else passing
        self.name = f"{service} at {point}, passing {self._passing}"

    async def inject(self, arena: Arena) -> str:
        order = arena.fail_points / f"{self._service}.{self._point}"
        before = self._testimonies(arena)
        half = order.with_name(f".{order.name}")
        half.write_text(f"kill {self._passing}")
        half.rename(order)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while order.exists():
            if time.monotonic() > deadline:
                order.unlink(missing_ok=True)
                raise MissedError(f"{self._service} did not come by {self._point}")
            await asyncio.sleep(_POLL_SECONDS)
        while self._testimonies(arena) == before:
            if time.monotonic() > deadline:
                raise MissedError(f"the order for {self.name} is gone, but the log does not say that it was obeyed")
            await asyncio.sleep(_POLL_SECONDS)
        return "the order is gone and the log says so"

    def _testimonies(self, arena: Arena) -> int:
        return sum(
            line.get("event") == "fail-point" and line.get("point") == self._point
            for line in arena.lines(self._service)
        )
