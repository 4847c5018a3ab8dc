"""The door of the kill switch that needs no store: `spec.halted` of the Brokers; the operator tells the services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from alpha_panda.cluster.resources import ClusterResources
from alpha_panda.errors import InputError
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.operations.halt_door import Door, Standing
from alpha_panda.operations.resource_store import Outcome
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.halting import halted_by, with_halt, without_halt
from alpha_panda.resources.strategy import Strategy

SAID: Final = "alphapanda.io/halted-because"
"""The annotation with who halted last, and why."""
_HELD: Final = "the operator tells the services"


@dataclass(frozen=True)
class BrokerDoor(Door):
    """All Brokers of a namespace, or one."""

    resources: ClusterResources
    name = "resource"
    seconds = 30.0
    """It takes two programs that log in to a cluster, and no other store would hold the halt in its place."""

    def serves(self, scope: HaltScope) -> bool:
        """A Broker is halted whole."""
        return scope in {HaltScope.ALL, HaltScope.BROKER}

    async def read(self) -> tuple[Standing, ...]:
        """The Brokers that are halted, by whom."""
        found: dict[tuple[str, str, str], Standing] = {}
        for stored in await self.resources.list("Broker"):
            broker = stored.resource
            for asked in halted_by(broker) if isinstance(broker, Broker) else ():
                scope = HaltScope.ALL if asked == HaltScope.ALL else HaltScope.BROKER
                subject = "" if scope is HaltScope.ALL else stored.name
                actor, _, why = broker.metadata.annotations.get(SAID, "").partition(": ")
                reason = why or f"Broker {stored.name} has spec.halted: true ({asked})"
                standing = Standing(scope=scope, subject=subject, door=self.name, actor=actor or None, reason=reason)
                found.setdefault((scope, subject, asked), standing)
        return tuple(found[key] for key in sorted(found))

    async def press(self, halt: TradingHalted) -> str:
        """Set it, and write beside it who and why."""
        return await self._edit(halt, lambda broker: _saying(with_halt(broker, halt.scope.value), halt))

    async def release(self, resumed: TradingResumed) -> str:
        """Take it back, where nobody else asks for it."""
        return await self._edit(resumed, lambda broker: _silent(without_halt(broker, resumed.scope.value)))

    async def _edit(self, statement: TradingHalted | TradingResumed, change: Callable[[Broker], Broker]) -> str:
        def edit(resource: Broker | Strategy) -> Broker | Strategy:
            return change(resource) if isinstance(resource, Broker) else resource

        names = None if statement.scope is HaltScope.ALL else [statement.subject]
        applied = await self.resources.edit("Broker", names, edit, statement.actor)
        if not applied:
            raise InputError("there is no such Broker" if names else "there is no Broker yet")
        changed = [each.name for each in applied if each.outcome is not Outcome.UNCHANGED]
        left = [each.name for each in applied if each.outcome is Outcome.UNCHANGED]
        told = [f"Broker {', '.join(changed)}: {_HELD}"] if changed else []
        return "; ".join([*told, *(f"Broker {name} as it was" for name in left)])


def _saying(broker: Broker, halt: TradingHalted) -> Broker:
    return _annotated(broker, {**broker.metadata.annotations, SAID: f"{halt.actor}: {halt.reason}"})


def _silent(broker: Broker) -> Broker:
    if broker.spec.halted:
        return broker
    return _annotated(broker, {key: value for key, value in broker.metadata.annotations.items() if key != SAID})


def _annotated(broker: Broker, annotations: dict[str, str]) -> Broker:
    return broker.model_copy(
        update={"metadata": broker.metadata.model_copy(update={"annotations": annotations})},
    )
