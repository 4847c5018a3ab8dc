"""Tells open pages when there is something new: one look a second for all who watch a Broker, however many they are.

A halt and whatever else people change is looked at as soon as this process hears of it.

What it sends is only that something changed and how fresh it is; the page then asks for itself again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.realtime.hub import Listener
from alpha_panda.errors import PandaError

LOOK_SECONDS: Final = 1.0
SILENCE_SECONDS: Final = 15.0
"""After so long without news something is sent all the same, so that both ends know of each other."""

_AT_ONCE: Final = frozenset({"halts", "control"})
_BREATH_SECONDS: Final = 0.1
"""Changes that come together make one look."""

State = tuple[Any, ...]
Admit = Callable[[], Awaitable[object]]
"""Raises PandaError where whoever watches may do so no more."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What a page is told."""

    broker: str
    change: int
    problem: str

    @property
    def identity(self) -> str:
        """Its number, as text."""
        return str(self.change)

    @property
    def text(self) -> str:
        """It as JSON."""
        return msgspec.json.encode(self).decode()


class Pulse:
    """What is watched of one Broker, for as long as anybody watches."""

    def __init__(self, dependencies: Dependencies, broker: str) -> None:
        """Nothing is looked at before somebody watches."""
        self._dependencies = dependencies
        self._broker = broker
        self._watchers = 0
        self._looking: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._state: State = ()
        self._count = 0
        self.problem = ""

    async def watch(self, admit: Admit) -> AsyncIterator[News]:
        """What to tell, at once and then with each change; ends when the watcher may not watch any more."""
        self._watchers += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            seen = -1
            while True:
                if seen == self._count:
                    await self._wait(seen)
                seen = self._count
                yield News(broker=self._broker, change=seen, problem=self.problem)
                if not await _admitted(admit):
                    return
        finally:
            self._watchers -= 1
            if self._watchers == 0 and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _wait(self, seen: int) -> None:
        try:
            async with asyncio.timeout(SILENCE_SECONDS), self._changed:
                await self._changed.wait_for(lambda: self._count != seen)
        except TimeoutError:
            return

    async def _look(self) -> None:
        with self._dependencies.hub.listen(kinds=_AT_ONCE) as listener:
            await self._look_again(listener)

    async def _look_again(self, listener: Listener) -> None:
        while True:
            problem, state = "", self._state
            try:
                state = await self._read()
            except PandaError as error:
                problem = str(error)
                if problem != self.problem:
                    structlog.get_logger().warning("a page cannot be kept fresh", broker=self._broker, reason=problem)
            if (state, problem) != (self._state, self.problem):
                self._state, self.problem = state, problem
                self._count += 1
                async with self._changed:
                    self._changed.notify_all()
            await listener.next(LOOK_SECONDS)
            await asyncio.sleep(_BREATH_SECONDS)
            listener.clear()

    async def _read(self) -> State:
        control = self._dependencies.control
        parts = await self._dependencies.cache.read(self._broker, "summary")
        row = await self._dependencies.queries.standing(self._broker)
        written: list[datetime | None] = [part.written_at for part in parts.values()]
        written.append(None if row is None else row["written_at"])
        halts = tuple((halt.scope, halt.subject) for halt in control.halts(self._broker))
        brokers = tuple((each.name, each.generation) for each in control.brokers)
        strategies = tuple((each.name, each.generation) for each in control.strategies)
        return (*written, halts, brokers, strategies)


async def _admitted(admit: Admit) -> bool:
    try:
        await admit()
    except PandaError:
        return False
    return True


class Pulses:
    """One for each Broker that is watched."""

    def __init__(self, dependencies: Dependencies) -> None:
        """None yet."""
        self._dependencies = dependencies
        self._pulses: dict[str, Pulse] = {}

    def of(self, broker: str) -> Pulse:
        """The pulse of a Broker that exists."""
        return self._pulses.setdefault(broker, Pulse(self._dependencies, broker))
