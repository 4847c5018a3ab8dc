"""What people do to trading through the API: written down first, then done by the same doors as the command line's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import structlog
from starlette.exceptions import HTTPException

from alpha_panda.api.security.principal import Principal
from alpha_panda.domain.audit import Deed
from alpha_panda.errors import PandaError, UnavailableError
from alpha_panda.events.audit import Action, AuditRecorded
from alpha_panda.events.control import CloseWanted, TradingHalted, TradingResumed
from alpha_panda.operations.audit import AuditLog
from alpha_panda.operations.halt_door import Door
from alpha_panda.operations.halting import DoorReport, Standings, press, read_halts, release
from alpha_panda.operations.resource_store import ResourceStore

_OF_THE_CLUSTER: Final = (
    "the Brokers and Strategies are objects of this installation's cluster, which the API may not change: "
    'kubectl patch strategy NAME --type merge -p \'{"spec": {"state": "Paused"}}\''
)
OpenResources = Callable[[], AbstractAsyncContextManager[ResourceStore]]


class Desk:
    """The doors of the kill switch, the resources where they are ours to change, and the record of it all."""

    def __init__(
        self,
        doors: Sequence[Door],
        audit: AuditLog,
        read_audit: Callable[[], Any],
        resources: OpenResources | None,
        close: Callable[[CloseWanted], Awaitable[str]],
    ) -> None:
        """`resources` is None on Kubernetes, where they are the cluster's; `read_audit` gives every entry.

        `close` writes a wish to the log and gives the id of the signal that it becomes.
        """
        self.doors = tuple(doors)
        self._audit = audit
        self._read_audit = read_audit
        self._resources = resources
        self.close = close
        self._unwritten = False
        self._writing: asyncio.Task[None] | None = None

    async def record(self, who: Principal, action: Action, subject: str, reason: str = "", **change: Any) -> None:  # noqa: ANN401 - before and after
        """Write down what is about to be done, before it is.

        Raises:
            UnavailableError: it can be written nowhere, so it may not be done.
        """
        deed = _deed(who, action, subject, reason, change)
        try:
            why = await asyncio.to_thread(self._audit.record, deed)
        except OSError as error:
            raise UnavailableError(f"this cannot be recorded, so it is not done: {error}") from error
        if why is not None:
            structlog.get_logger().warning("the audit log takes it later", reason=why)

    async def halts(self) -> Standings:
        """What each door says."""
        return await read_halts(self.doors)

    async def press(
        self, who: Principal, halt: TradingHalted, held: Callable[[], None] = lambda: None
    ) -> tuple[DoorReport, ...]:
        """Halt. It is noted on this machine's disk first; the log of audits is written after trading has stopped.

        `held` is called as soon as one door holds it.
        """
        deed = _deed(who, Action.HALT, f"{halt.scope} {halt.subject}".strip(), halt.reason, {})
        try:
            await asyncio.to_thread(self._audit.keep, deed)
        except (OSError, PandaError) as error:
            structlog.get_logger().error("a halt could not be noted before it was pressed", reason=str(error))
        reports = await press(self.doors, halt, held)
        self._write_later()
        return reports

    async def release(self, resumed: TradingResumed) -> tuple[DoorReport, ...]:
        """Let go of exactly this halt; raises InputError where nothing holds it."""
        return await release(self.doors, resumed, await self.halts())

    async def audit(self) -> list[AuditRecorded]:
        """Every entry of the audit log; raises UnavailableError where Kafka does not answer."""
        found: list[AuditRecorded] = await self._read_audit()
        return found

    def resources(self) -> AbstractAsyncContextManager[ResourceStore]:
        """The Brokers and Strategies; raises HTTPException (404) as `require_resources` does."""
        return self.require_resources()()

    def require_resources(self) -> OpenResources:
        """The way to the resources; raises HTTPException (404) where they are objects of a cluster."""
        if self._resources is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, _OF_THE_CLUSTER)
        return self._resources

    def _write_later(self) -> None:
        """Have the log of audits take what waits, by one thread however often trading is halted meanwhile."""
        self._unwritten = True
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._unwritten:
            self._unwritten = False
            try:
                await asyncio.to_thread(self._audit.record)
            except (OSError, PandaError) as error:
                structlog.get_logger().error("the audit log was not written", reason=str(error))


def _deed(who: Principal, action: Action, subject: str, reason: str, change: dict[str, Any]) -> Deed:
    return Deed(at=datetime.now(UTC), actor=who.name, action=action, subject=subject, reason=reason, **change)
