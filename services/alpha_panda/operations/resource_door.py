"""The door of the kill switch that is the Brokers' resources: they reach the services as soon as the log is back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from alpha_panda.errors import InputError
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.operations.halt_door import Door, Standing
from alpha_panda.operations.resource_store import Applied, Outcome, ResourceStore
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.halting import halted_by, with_halt, without_halt
from alpha_panda.resources.strategy import Strategy

OpenStore = Callable[[], AbstractAsyncContextManager[ResourceStore]]


class ResourceDoor(Door):
    """`spec.halted` of the Brokers."""

    name = "resource"

    def __init__(self, opened: OpenStore) -> None:
        """`opened` is the way to the resources."""
        self._open = opened

    def serves(self, scope: HaltScope) -> bool:
        """A resource halts its whole Broker."""
        return scope in {HaltScope.ALL, HaltScope.BROKER}

    async def read(self) -> tuple[Standing, ...]:
        """The Brokers that are halted, by whom."""
        async with self._open() as store:
            brokers = [each.resource for each in await store.list("Broker")]
        found: dict[tuple[str, str, str], Standing] = {}
        for broker in brokers:
            for asked in halted_by(broker) if isinstance(broker, Broker) else ():
                scope = HaltScope.ALL if asked == HaltScope.ALL else HaltScope.BROKER
                name = broker.metadata.name
                subject = "" if scope is HaltScope.ALL else name
                reason = f"Broker {name} has spec.halted: true ({asked})"
                standing = Standing(scope=scope, subject=subject, door=self.name, actor=None, reason=reason)
                found.setdefault((scope, subject, asked), standing)
        return tuple(found[key] for key in sorted(found))

    async def press(self, halt: TradingHalted) -> str:
        """Set it."""
        return await self._edit(halt, lambda broker: with_halt(broker, halt.scope.value), "halted")

    async def release(self, resumed: TradingResumed) -> str:
        """Take it back, where nobody else asks for it."""
        return await self._edit(resumed, lambda broker: without_halt(broker, resumed.scope.value), "changed")

    async def _edit(
        self, statement: TradingHalted | TradingResumed, change: Callable[[Broker], Broker], outcome: str
    ) -> str:
        def edit(resource: Broker | Strategy) -> Broker | Strategy:
            return change(resource) if isinstance(resource, Broker) else resource

        names = None if statement.scope is HaltScope.ALL else [statement.subject]
        async with self._open() as store:
            applied = await store.edit("Broker", names, edit, statement.actor)
        if not applied:
            raise InputError("there is no such Broker" if names else "there is no Broker yet")
        return "; ".join(f"Broker {each.name} {_done(each, outcome)}" for each in applied)


def _done(applied: Applied, outcome: str) -> str:
    return "as it was" if applied.outcome is Outcome.UNCHANGED else outcome
