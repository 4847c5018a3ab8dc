"""Pausing a strategy and letting it go on, through its resource: what a person typed or pressed, whichever way."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from alpha_panda.errors import InputError
from alpha_panda.operations.resource_store import Applied, Edit
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import Strategy, StrategyState


class Editable(Protocol):
    """What pausing needs of a store of resources; `resource_store` has one."""

    async def edit(self, kind: str, names: Iterable[str] | None, change: Edit, actor: str) -> tuple[Applied, ...]:
        """Change resources from what they are at this moment."""

    async def load_all(self) -> tuple[StoredResource, ...]:
        """All resources."""


async def set_state(
    opened: AbstractAsyncContextManager[Editable], name: str, wanted: StrategyState, actor: str
) -> StrategyState | None:
    """Set a strategy's state; what it was, None where there is no such strategy.

    Raises:
        InputError: it is Stopped, which only its manifest ends.
    """
    was: list[StrategyState] = []

    def change(resource: Broker | Strategy) -> Broker | Strategy:
        if not isinstance(resource, Strategy):
            raise TypeError(f"{resource.kind} among the strategies")
        was.append(StrategyState(resource.spec.state))
        if resource.spec.state is StrategyState.STOPPED:
            msg = f"strategy.alphapanda.io/{name} is Stopped: it neither enters nor warms up"
            raise InputError(msg, remedy="apply its manifest with spec.state: Running or Paused")
        return resource.model_copy(update={"spec": resource.spec.model_copy(update={"state": wanted})})

    async with opened as store:
        applied = await store.edit(Strategy.__name__, [name], change, actor)
    return was[-1] if applied else None
