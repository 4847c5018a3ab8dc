"""The whole status of a Broker or Strategy, from what was seen and what was said before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alpha_panda.resources.broker import BrokerType
from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.status import (
    BrokerStatus,
    ConditionStatus,
    ConditionType,
    ResourceStatus,
    ServiceStatus,
    StrategyStatus,
)
from alpha_panda.resources.strategy import StrategyState
from alpha_panda_operator.decisions.conditions import Said, common, dated, fails, first_not_serving, holds, with_ready
from alpha_panda_operator.decisions.exchange import is_logged_in, session_said, trading_said
from alpha_panda_operator.decisions.observed import Seen, ServiceSeen, Trouble

_FIRST: Final = (ConditionType.ACCEPTED, ConditionType.DEPENDENCIES_READY, ConditionType.TOPICS_READY)
_BROKER_NEEDS: Final = (*_FIRST, ConditionType.CREDENTIALS_VALID, ConditionType.WORKLOAD_AVAILABLE)
_STRATEGY_NEEDS: Final = (*_FIRST, ConditionType.WORKLOAD_AVAILABLE, ConditionType.RISK_ARMED)


@dataclass(frozen=True, kw_only=True)
class StrategySeen:
    """What a Strategy's status needs beyond what every one's does."""

    state: StrategyState
    runner: str | None
    brokers: tuple[str, ...]
    halted: tuple[str, ...] = ()
    """Those of its Brokers that somebody halted."""
    guards: tuple[ServiceSeen, ...] = ()
    """The risk managers of its Brokers."""
    market: Trouble | None = None
    """Why nothing can be entered, as far as the market goes."""


def strategy_status(seen: Seen, own: StrategySeen, before: StrategyStatus) -> StrategyStatus:
    """A Strategy's status."""
    said = [*common(seen), _risk(seen, own), _trading(seen, own)]
    return StrategyStatus(
        observed_generation=seen.generation,
        conditions=dated(with_ready(said, _STRATEGY_NEEDS), before.conditions, seen.generation, seen.now),
        services=_services(seen),
        rollout=seen.rollout.record if seen.rollout is not None else before.rollout,
        runner=own.runner,
        brokers=own.brokers,
    )


def broker_status(seen: Seen, kind: BrokerType, *, halted: bool, strategies: int, before: BrokerStatus) -> BrokerStatus:
    """A Broker's status."""
    said = [*common(seen), *_login(seen, kind, halted=halted), _halted(halted=halted)]
    return BrokerStatus(
        observed_generation=seen.generation,
        conditions=dated(with_ready(said, _BROKER_NEEDS), before.conditions, seen.generation, seen.now),
        services=_services(seen),
        rollout=seen.rollout.record if seen.rollout is not None else before.rollout,
        strategies=strategies,
        session_expires_at=_until(seen),
    )


def written(status: ResourceStatus) -> dict[str, Any]:
    """The status as a merge patch puts it in place whole: what it does not have is taken away."""
    found = status.model_dump(mode="json", by_alias=True, exclude_none=True)
    fields = {name: field.serialization_alias or name for name, field in type(status).model_fields.items()}
    return {alias: found.get(alias) for alias in fields.values()}


def _services(seen: Seen) -> tuple[ServiceStatus, ...]:
    return tuple(ServiceStatus(name=each.name, ready=each.ready, revision=each.revision) for each in seen.own)


def _until(seen: Seen) -> datetime | None:
    if seen.exchange is None or not is_logged_in(seen.exchange, seen.now):
        return None
    return seen.exchange.expires_at


def _risk(seen: Seen, own: StrategySeen) -> Said:
    kind = ConditionType.RISK_ARMED
    if not seen.runs:
        return holds(kind, Reason.STOPPED)
    if not seen.provisioned:
        return fails(kind, Trouble(reason=Reason.NOT_YET, message="its limits were not told to its Brokers yet"))
    trouble = first_not_serving(own.guards)
    return holds(kind) if trouble is None else fails(kind, trouble)


def _trading(seen: Seen, own: StrategySeen) -> Said:
    kind = ConditionType.TRADING
    if own.state is not StrategyState.RUNNING:
        reason = Reason.STOPPED if own.state is StrategyState.STOPPED else Reason.PAUSED
        return fails(kind, Trouble(reason=reason, message=f"spec.state is {own.state}"))
    if not own.brokers:
        return fails(kind, Trouble(reason=Reason.NO_BROKER, message="it has no Broker to trade on"))
    if set(own.halted) >= set(own.brokers):
        return fails(kind, Trouble(reason=Reason.HALTED, message=f"halted: {', '.join(own.halted)}"))
    if own.market is not None:
        return fails(kind, own.market)
    trouble = seen.stores or seen.broken or first_not_serving((*seen.needed, *own.guards))
    if trouble is not None:
        return fails(kind, trouble)
    return holds(kind, Reason.RUNNING)


def _login(seen: Seen, kind: BrokerType, *, halted: bool) -> list[Said]:
    if kind is BrokerType.PAPER:
        return [
            holds(ConditionType.CREDENTIALS_VALID, Reason.NOT_NEEDED),
            holds(ConditionType.SESSION_ACTIVE, Reason.NOT_NEEDED),
        ]
    valid = ConditionType.CREDENTIALS_VALID
    return [
        holds(valid) if seen.credentials is None else fails(valid, seen.credentials),
        session_said(seen.exchange, seen.now),
        trading_said(seen.exchange, seen.now, halted=halted),
    ]


def _halted(*, halted: bool) -> Said:
    kind = ConditionType.HALTED
    if halted:
        message = "spec.halted is true: entries are refused, exits and cancellations go on"
        return holds(kind, Reason.HALTED, message)
    return (kind, ConditionStatus.FALSE, Reason.NOT_HALTED, "")
