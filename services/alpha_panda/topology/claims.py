"""Which resources hold the names they ask for: of two that claim one, the older wins.

An installation has one name space over all Kubernetes namespaces, because topics, keys and roles have
none; creation times have a resolution of a second, so the UID breaks ties.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alpha_panda.resources.broker import BrokerSpec
from alpha_panda.resources.rules import validate
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import Mode, StrategySpec
from alpha_panda.topology.graph import SERVICES, STRATEGY_RUNNER
from alpha_panda.topology.model import Conflict, ConflictReason
from alpha_panda.topology.names import broker_service, own_runner, role


@dataclass(frozen=True)
class HeldBroker:
    """A Broker that holds its name."""

    name: str
    uid: str
    spec: BrokerSpec


@dataclass(frozen=True)
class HeldStrategy:
    """A Strategy that holds its name and has at least one Broker that it may trade on."""

    name: str
    uid: str
    spec: StrategySpec
    brokers: tuple[str, ...]


@dataclass(frozen=True)
class Holdings:
    """What remains of the resources, each list sorted by name, and what was refused."""

    brokers: tuple[HeldBroker, ...]
    strategies: tuple[HeldStrategy, ...]
    conflicts: tuple[Conflict, ...]


def settle(resources: Iterable[StoredResource]) -> Holdings:
    """Decide every claim; the order of `resources` does not matter."""
    holders: dict[str, StoredResource] = {}
    brokers: dict[str, HeldBroker] = {}
    conflicts: list[Conflict] = []
    waiting: list[tuple[StoredResource, StrategySpec]] = []
    for stored in sorted(resources, key=lambda each: (each.age, each.kind, each.namespace or "", each.name)):
        refused = _invalid(stored) or _claim(stored, holders)
        if refused is not None:
            conflicts.append(refused)
        elif isinstance(stored.spec, BrokerSpec):
            brokers[stored.name] = HeldBroker(stored.name, stored.uid, stored.spec)
        else:
            waiting.append((stored, stored.spec))
    strategies = []
    for stored, spec in waiting:
        reached, refusals = _brokers_of(stored, spec, brokers)
        conflicts += refusals
        if reached:
            strategies.append(HeldStrategy(stored.name, stored.uid, spec, reached))
    return Holdings(
        brokers=tuple(sorted(brokers.values(), key=lambda each: each.name)),
        strategies=tuple(sorted(strategies, key=lambda each: each.name)),
        conflicts=tuple(sorted(conflicts, key=lambda each: (each.kind, each.name, each.uid, each.message))),
    )


def _invalid(stored: StoredResource) -> Conflict | None:
    """A store or API server may hold what no reader here would accept; nothing may come of it."""
    broken = validate(stored.resource)
    if not broken:
        return None
    reasons = "; ".join(f"{each.field}: {each.message}" for each in broken)
    return _conflict(stored, "Invalid", f"{_who(stored)} is not valid and is ignored: {reasons}")


def _claims(stored: StoredResource) -> tuple[str, ...]:
    """Everything of which there is only one: `<kind> name …` and the PostgreSQL roles, where `-` and `.` are `_`."""
    own = f"{stored.kind} name {stored.name}"
    if isinstance(stored.spec, BrokerSpec):
        kind = stored.spec.type
        services = [each for each in SERVICES if not each.shared and kind in each.brokers]
        return (own, *(f"role {role(broker_service(stored.name, each.name))}" for each in services))
    if stored.spec.image is None:
        return (own,)
    return (own, f"role {role(own_runner(STRATEGY_RUNNER.name, stored.name))}")


def _claim(stored: StoredResource, holders: dict[str, StoredResource]) -> Conflict | None:
    claims = _claims(stored)
    taken = next((claim for claim in claims if claim in holders), None)
    if taken is None:
        holders.update(dict.fromkeys(claims, stored))
        return None
    holder = holders[taken]
    message = (
        f"{_who(stored)} cannot have the {taken}: {_who(holder)} has held it since "
        f"{holder.created_at.isoformat(timespec='seconds')}; rename or delete one of them"
    )
    return _conflict(stored, "NameTaken", message)


def _brokers_of(
    stored: StoredResource, spec: StrategySpec, brokers: dict[str, HeldBroker]
) -> tuple[tuple[str, ...], list[Conflict]]:
    reached, refusals = [], []
    for name in sorted(set(spec.brokers)):
        if name not in brokers:
            known = ", ".join(sorted(brokers)) or "none yet"
            message = f"{_who(stored)} names Broker {name}, which does not exist; there are: {known}"
            refusals.append(_conflict(stored, "UnknownBroker", message))
        elif brokers[name].spec.live and spec.mode is not Mode.LIVE:
            message = (
                f"{_who(stored)} is of mode Paper and may not trade on Broker {name}, which is live: "
                f"remove that Broker, or set mode: Live and acknowledgeLive"
            )
            refusals.append(_conflict(stored, "LiveBroker", message))
        else:
            reached.append(name)
    if not reached:
        refusals.append(_conflict(stored, "NoBroker", f"{_who(stored)} has no Broker left to trade on and is not run"))
    return tuple(reached), refusals


def _who(stored: StoredResource) -> str:
    return f"{stored.kind} {stored.name}" + (f" of namespace {stored.namespace}" if stored.namespace else "")


def _conflict(stored: StoredResource, reason: ConflictReason, message: str) -> Conflict:
    return Conflict(
        kind=stored.kind,
        namespace=stored.namespace,
        name=stored.name,
        uid=stored.uid,
        reason=reason,
        message=message,
    )
