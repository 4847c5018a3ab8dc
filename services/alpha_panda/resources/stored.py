"""A resource as a store keeps it: the trader's resource and what the store knows about it.

The local store (PostgreSQL) and the API server's objects both become this; `plan()` reads nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alpha_panda.resources.broker import Broker, BrokerSpec
from alpha_panda.resources.strategy import Strategy, StrategySpec


@dataclass(frozen=True, kw_only=True)
class StoredResource:
    """One version of a resource. Times are aware UTC; `generation` counts changes of the spec from 1."""

    resource: Broker | Strategy
    uid: str
    generation: int
    created_at: datetime
    changed_at: datetime
    changed_by: str

    def __post_init__(self) -> None:
        """Refuse naive times and generations below 1.

        Raises:
            ValueError: for either.
        """
        if self.created_at.tzinfo is None or self.changed_at.tzinfo is None:
            msg = f"{self.kind} {self.name}: created_at and changed_at must be aware"
            raise ValueError(msg)
        if self.generation < 1:
            msg = f"{self.kind} {self.name}: generation {self.generation} is below 1"
            raise ValueError(msg)

    @property
    def kind(self) -> str:
        """`Broker` or `Strategy`."""
        return self.resource.kind

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.resource.metadata.name

    @property
    def namespace(self) -> str | None:
        """Its Kubernetes namespace, if it has one."""
        return self.resource.metadata.namespace

    @property
    def spec(self) -> BrokerSpec | StrategySpec:
        """What the trader asks for."""
        return self.resource.spec

    @property
    def age(self) -> tuple[datetime, str]:
        """Sorts the older first; creation times have a resolution of a second, so the UID breaks ties."""
        return (self.created_at, self.uid)
