"""What Brokers and Strategies share: the API's group and version, metadata, deletion and roll-out."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from alpha_panda.resources.fields import Model, Namespace, ObjectName

GROUP: Final = "alphapanda.io"
API_VERSION: Final = "alphapanda.io/v1alpha1"
ApiVersion = Literal["alphapanda.io/v1alpha1"]


class DeletionPolicy(StrEnum):
    """What becomes of topics, keys and tables when a resource is deleted."""

    RETAIN = "Retain"
    DELETE = "Delete"


class RolloutWindow(StrEnum):
    """When a change that restarts a service may take effect."""

    MARKET_CLOSED = "MarketClosed"
    WHEN_FLAT = "WhenFlat"
    ANY = "Any"


class Product(StrEnum):
    """How a position is held, in the exchange's terms."""

    MIS = "MIS"
    CNC = "CNC"
    NRML = "NRML"


class Rollout(Model):
    """When a change that restarts a service may take effect."""

    window: RolloutWindow = Field(
        default=RolloutWindow.MARKET_CLOSED,
        description="When a change that restarts a service may take effect: while the market is closed, while no "
        "position is open, or at any time.",
    )
    deadline_seconds: Annotated[int, Field(ge=60, le=604_800)] = Field(
        default=86_400,
        description="Seconds to wait for the window; after them the change is given up and reported.",
    )


class Metadata(Model):
    """Who a resource is, as on Kubernetes; what the server adds there is not part of a file."""

    name: ObjectName = Field(description="The resource's name, unique for its kind in an installation.")
    namespace: Namespace | None = Field(default=None, description="The Kubernetes namespace; meaningless elsewhere.")
    labels: dict[str, str] = Field(default={}, description="Labels to select the resource by.")
    annotations: dict[str, str] = Field(default={}, description="Notes of people and tools; without any effect.")
