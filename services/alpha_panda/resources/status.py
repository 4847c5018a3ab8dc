"""What the operator says about a resource: conditions that a trader understands, and where it really runs.

The operator writes it, `kubectl get` and `describe` show it; nothing decides anything by it but the operator's own
roll-outs, which it writes down here before it acts. What changes by the minute, such as profit or lag, is a metric.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from alpha_panda.resources.common import RolloutWindow
from alpha_panda.resources.fields import BrokerName, Model
from alpha_panda.resources.reasons import ReasonName

MESSAGE_LIMIT: Final = 2000
SERVICE_LIMIT: Final = 32

ServiceName = Annotated[str, Field(pattern=r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", max_length=80)]
"""As in the plan: `paper.risk-manager`, `strategy-runner-momentum`."""
Generation = Annotated[int, Field(ge=1)]
Revision = Annotated[str, Field(pattern=r"^[a-z0-9]+$", max_length=64)]
"""A digest of all that a service is started with."""


class ConditionType(StrEnum):
    """What is said about a resource, each at most once."""

    READY = "Ready"
    """All that this release promises of the resource holds: what `kubectl wait` waits for."""
    ACCEPTED = "Accepted"
    """It keeps the rules, holds the names that it asks for, and what it names exists."""
    DEPENDENCIES_READY = "DependenciesReady"
    """Kafka, Redis and PostgreSQL answer and let the operator in."""
    TOPICS_READY = "TopicsReady"
    """Its topics, permissions, keys and tables are there."""
    WORKLOAD_AVAILABLE = "WorkloadAvailable"
    """Its services run."""
    RISK_ARMED = "RiskArmed"
    """A Strategy's limits have reached the risk manager of each of its Brokers."""
    TRADING = "Trading"
    """A Strategy may enter now: it runs, nobody halted it, and its Broker's market is open. A Broker at Zerodha: its
    login is good, and the service that trades there lets entries go."""
    CREDENTIALS_VALID = "CredentialsValid"
    """A Broker's Secret is there and complete; a Paper Broker needs none."""
    SESSION_ACTIVE = "SessionActive"
    """A Broker's login at the exchange is valid; a Paper Broker needs none."""
    HALTED = "Halted"
    """Somebody has halted the Broker."""
    RECONCILING = "Reconciling"
    """The operator is at work on a change, or waits for its window; there only while that is so."""
    STALLED = "Stalled"
    """The operator can do nothing more until somebody acts; there only while that is so."""


class ConditionStatus(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Model):
    """One thing that is so, is not so, or is not known, and why."""

    type: ConditionType = Field(description="What is said.")
    status: ConditionStatus = Field(description="Whether it holds: True, False or Unknown.")
    reason: ReasonName = Field(description="Why, in one word that programs may compare.")
    message: Annotated[str, Field(max_length=MESSAGE_LIMIT)] = Field(
        description="Why, in a sentence with the remedy; empty where there is nothing to say."
    )
    observed_generation: Generation = Field(description="The generation of the spec that this was said about.")
    last_transition_time: AwareDatetime = Field(description="When the status last became another.")


class RolloutPhase(StrEnum):
    """How far a change that restarts services has come."""

    WAITING = "Waiting"
    """For its window; all runs as it was."""
    STOPPING = "Stopping"
    """What runs is being ended; the new may not start before it is gone."""
    STARTING = "Starting"
    """The new is there and not ready yet."""
    ROLLING_BACK = "RollingBack"
    """The new did not become ready: the old is being put back."""
    GIVEN_UP = "GivenUp"
    """The window did not come before the deadline; the old runs."""


class RolloutRecord(Model):
    """A change that restarts services, written down before it is made: after a crash the operator goes on from here."""

    phase: RolloutPhase = Field(description="How far it has come.")
    window: RolloutWindow = Field(description="When it may begin: MarketClosed, WhenFlat or Any.")
    services: Annotated[tuple[ServiceName, ...], Field(min_length=1, max_length=SERVICE_LIMIT)] = Field(
        description="The services that it restarts."
    )
    from_revision: Revision | None = Field(default=None, description="What runs, or ran, before; none at first.")
    to_revision: Revision = Field(description="What shall run.")
    started_at: AwareDatetime = Field(description="When it was asked for.")
    deadline: AwareDatetime = Field(
        description="When it is given up unless it has begun; once it has, by when it must serve."
    )


class ServiceStatus(Model):
    """A service that runs for a resource."""

    name: ServiceName = Field(description="The service, such as paper.risk-manager.")
    ready: bool = Field(description="Whether it serves.")
    revision: Revision | None = Field(default=None, description="What it was started with.")


class ResourceStatus(Model):
    """What the status of Brokers and of Strategies has in common."""

    observed_generation: Generation | None = Field(
        default=None, description="The generation of the spec that all of this is about."
    )
    conditions: Annotated[tuple[Condition, ...], Field(max_length=len(ConditionType))] = Field(
        default=(), description="What is so and what is not, each type once."
    )
    services: Annotated[tuple[ServiceStatus, ...], Field(max_length=SERVICE_LIMIT)] = Field(
        default=(), description="The services that run for it."
    )
    rollout: RolloutRecord | None = Field(
        default=None, description="A change that is being made or was given up; none while all is as asked for."
    )


class StrategyStatus(ResourceStatus):
    """What the operator says about a Strategy."""

    runner: ServiceName | None = Field(default=None, description="The service that runs it; none while it is Stopped.")
    brokers: Annotated[tuple[BrokerName, ...], Field(max_length=10)] = Field(
        default=(), description="The Brokers that it really trades on."
    )


class BrokerStatus(ResourceStatus):
    """What the operator says about a Broker."""

    strategies: Annotated[int, Field(ge=0)] | None = Field(default=None, description="How many Strategies trade on it.")
    session_expires_at: AwareDatetime | None = Field(
        default=None, description="When its login at the exchange ends; none for a Paper Broker."
    )
