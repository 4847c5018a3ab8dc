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
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from alpha_panda.errors import PandaError
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.runtime.errors import FencedError
from alpha_panda.runtime.kafka import retried
from alpha_panda.runtime.owners import Owners
from alpha_panda.runtime.patience import within

ASSURE_SECONDS: Final = 1.0
"""How often it is asked, and how long nothing happens in a process before it is taken to have been paused."""
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
        self._seen_at = self._asked_at = clock()
        self._waking = asyncio.Lock()
        self._asking: asyncio.Task[None] | None = None
        self._lost: FencedError | None = None
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
        """Raise FencedError where a task is another's by now, as far as one was told.

        It is asked beside the loop each second, so that a PostgreSQL that hangs holds up no exit. After a pause
        nothing that was told before it counts: then the answer is waited for. One that does not come stops nobody:
        the claims on the log hold without it.
        """
        now = self._clock()
        paused, self._seen_at = now - self._seen_at >= ASSURE_SECONDS, now
        if paused:
            async with self._waking:
                await self._ask()
        elif now - self._asked_at >= ASSURE_SECONDS and (self._asking is None or self._asking.done()):
            self._asking = asyncio.create_task(self._ask())
        if self._lost is not None:
            raise self._lost

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def must_own(self, task: str) -> None:
        """Raise FencedError where PostgreSQL names another owner of the task."""
        held = await retried(lambda: self._owners.held(self._service, task))
        if held is not None and held.fence > self.fences[task]:
            raise displaced(task, self.fences[task], f"{held.owner} under fence {held.fence}")

    async def leave_word(self) -> None:
        """One was fenced and is alive: tell whoever starts next."""
        await self._tell(self._owners.contest)

    async def release(self) -> None:
        """One ends in order: whoever stands by need not wait until one's silence is long enough."""
        await self._tell(self._owners.release)

    async def _tell(self, what: Callable[[str, Mapping[str, int]], Awaitable[None]]) -> None:
        """Tell PostgreSQL on the way out; it is no loss where it does not listen."""
        try:
            await within(ANSWER_SECONDS, what(self._service, self.fences))
        except (PandaError, TimeoutError) as error:
            self._log.warning("the owner's end was not told", reason=str(error) or type(error).__name__)

    async def _ask(self) -> None:
        self._asked_at = self._clock()
        try:
            lost = await within(ANSWER_SECONDS, self._owners.renew(self._service, self.fences))
        except (PandaError, TimeoutError) as error:
            self._log.warning("ownership not confirmed", reason=str(error) or type(error).__name__)
            return
        if lost:
            task = min(lost)
            self._lost = displaced(task, self.fences[task])

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
