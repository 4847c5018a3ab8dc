"""Who does harm: faults at their epochs, each healed in its time, and a record of those that really happened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
from redis.exceptions import RedisError
from tests.chaos.arena import PATIENCE_SECONDS, Arena
from tests.chaos.faults.fault import Fault, MissedError, Strike

from alpha_panda.errors import PandaError

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Appointment:
    """A fault that begins when an epoch is out."""

    epoch: int
    fault: Fault


@dataclass
class Nemesis:
    """Keeps appointments. `lanes` go side by side; within a lane a fault waits until the one before is healed."""

    arena: Arena
    lanes: Sequence[Sequence[Appointment]]
    strikes: list[Strike] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    async def act(self, deadline: float) -> None:
        """Keep all appointments."""
        walks = [asyncio.create_task(self._walk(lane, deadline)) for lane in self.lanes]
        try:
            await asyncio.gather(*walks)
        finally:
            for walk in walks:
                walk.cancel()
            await asyncio.gather(*walks, return_exceptions=True)

    async def _walk(self, lane: Sequence[Appointment], deadline: float) -> None:
        for each in lane:
            epoch = await self.arena.past(each.epoch, deadline)
            await self._strike(each.fault, epoch)

    async def _strike(self, fault: Fault, epoch: int) -> None:
        try:
            try:
                evidence = await self._inject(fault)
                at = datetime.now(UTC)
                await asyncio.sleep(fault.hold)
            finally:
                await fault.heal(self.arena)
        except MissedError as error:
            self.missed.append(f"{fault.name}: {error}")
            return
        self.strikes.append(Strike(kind=fault.kind, name=fault.name, at=at, epoch=epoch, evidence=evidence))

    async def _inject(self, fault: Fault) -> str:
        """Do it; where the way in is a store that another fault has just hit, as soon as that is back."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await fault.inject(self.arena)
            except (PandaError, OSError, RedisError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if time.monotonic() > deadline:
                    raise MissedError(f"{type(error).__name__}: {error}") from error
            await asyncio.sleep(_POLL_SECONDS)
