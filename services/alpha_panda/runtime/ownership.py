"""A process' ownership of its tasks: taken at the start, asked for at least each second, lost to whoever comes later.

The claims on the log (`events.fences`) and the conditions in PostgreSQL (`owners`) make whatever a fenced owner
writes count for nothing. To ask is for the rest: it lets that process end soon, and keeps most of it off the log.

Two copies under two supervisors would displace each other for ever. So an owner that finds itself displaced
leaves word of it, and whoever starts on such word stands by until the present owner is silent.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from typing import Final

import structlog

from alpha_panda.errors import PandaError
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.runtime.errors import AuthenticationError, FencedError
from alpha_panda.runtime.kafka import retried
from alpha_panda.runtime.owners import Owners

ASSURE_SECONDS: Final = 1.0
"""How old an answer may be. A pause makes it older, so that the first thing after one is to ask."""
ANSWER_SECONDS: Final = 0.5
_STAND_BY_SECONDS: Final = 0.5


def process_name() -> str:
    """Host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Ownership:
    """The tasks that this process owns."""

    def __init__(
        self, owners: Owners, service: str, *, owner: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Own nothing yet."""
        self.owner = owner or process_name()
        self.fences: dict[str, int] = {}
        self._owners = owners
        self._service = service
        self._clock = clock
        self._assured_at = clock()
        self._asking = asyncio.Lock()
        self._log = structlog.get_logger()

    async def take(self, task: str, turn: Callable[[], bool] = lambda: True) -> Tenure | None:
        """Become the task's owner; None where `turn`, called while another is waited for, says to give up."""
        if not await self._stand_by(task, turn):
            return None
        tenure = Tenure(self._service, task, self)
        await tenure.take(1)
        return tenure

    async def raised(self, task: str, at_least: int) -> int:
        """A new fence for the task."""
        fence = await retried(lambda: self._owners.take(self._service, task, self.owner, at_least))
        self.fences[task] = fence
        self._log.info("ownership taken", task=task, fence=fence)
        return fence

    async def assure(self) -> None:
        """Ask whether all tasks are still one's own, if that was not asked just now; raises FencedError.

        A PostgreSQL that does not answer stops nobody: the claims on the log hold without it.
        """
        if self._clock() - self._assured_at < ASSURE_SECONDS:
            return
        async with self._asking:
            if self._clock() - self._assured_at < ASSURE_SECONDS:
                return
            await self._ask()

    async def must_own(self, task: str) -> None:
        """Raise FencedError where PostgreSQL names another owner of the task."""
        held = await retried(lambda: self._owners.held(self._service, task))
        if held is not None and held.fence > self.fences[task]:
            raise displaced(task, self.fences[task], f"{held.owner} under fence {held.fence}")

    async def leave_word(self) -> None:
        """One was fenced and is alive: tell whoever starts next."""
        try:
            await asyncio.wait_for(self._owners.contest(self._service, self.fences), ANSWER_SECONDS)
        except (PandaError, TimeoutError) as error:
            self._log.warning("no word was left of the second copy", reason=str(error))

    async def _ask(self) -> None:
        try:
            lost = await asyncio.wait_for(self._owners.renew(self._service, self.fences), ANSWER_SECONDS)
        except AuthenticationError:
            raise
        except (PandaError, TimeoutError) as error:
            self._log.warning("ownership not confirmed", reason=str(error) or type(error).__name__)
            lost = frozenset()
        self._assured_at = self._clock()
        if lost:
            task = min(lost)
            raise displaced(task, self.fences[task])

    async def _stand_by(self, task: str, turn: Callable[[], bool]) -> bool:
        held = await retried(lambda: self._owners.held(self._service, task))
        if held is None or not held.contested:
            return True
        self._log.warning("standing by: two copies run", task=task, owner=held.owner, fence=held.fence)
        while held is not None and held.fresh:
            if not turn():
                return False
            await asyncio.sleep(_STAND_BY_SECONDS)
            held = await retried(lambda: self._owners.held(self._service, task))
        return True


class Tenure:
    """One task's owner, as those see it who write for the task."""

    def __init__(self, service: str, task: str, ownership: Ownership | None = None) -> None:
        """Without an `ownership` there is no fence, and nobody to ask: for what only one process ever does."""
        self.service = service
        self.task = task
        self._ownership = ownership

    @property
    def fence(self) -> int | None:
        """The fence of this life."""
        return None if self._ownership is None else self._ownership.fences.get(self.task)

    @property
    def owner(self) -> str:
        """Who this is."""
        return "" if self._ownership is None else self._ownership.owner

    async def take(self, at_least: int) -> None:
        """Get a fence, or a higher one."""
        if self._ownership is not None:
            await self._ownership.raised(self.task, at_least)

    async def assure(self) -> None:
        """Ask whether one is still the owner, unless that was asked just now; raises FencedError."""
        if self._ownership is not None:
            await self._ownership.assure()

    async def outbid(self, highest: int) -> None:
        """A claim under a fence above one's own is on the log: go above it, unless its owner has the task.

        PostgreSQL is behind the log where it was restored from a backup. Raises FencedError where it is not.
        """
        await self.must_own()
        await self.take(highest + 1)

    async def must_own(self) -> None:
        """Ask now, and wait for the answer; raises FencedError where another is the owner."""
        if self._ownership is not None:
            await self._ownership.must_own(self.task)

    def heard(self, claim: OwnershipTaken) -> None:
        """A claim was read; raises FencedError where it is a later owner's of this task."""
        if self.fence is not None and claim.task == self.task and claim.fence > self.fence:
            raise displaced(self.task, self.fence, f"{claim.owner} under fence {claim.fence}")


def displaced(task: str, fence: int, by: str = "another copy") -> FencedError:
    """The error of an owner that was replaced while it lived."""
    return FencedError(
        f"{task} was taken over by {by}; this one had fence {fence}",
        remedy="run one copy of the service; a second one that is started again stands by",
    )
