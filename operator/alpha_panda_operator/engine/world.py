"""What the resources of a cluster come to: the plan, the services with their owners, and what is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.errors import PandaError
from alpha_panda.resources.documents import read_object
from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.stored import StoredResource
from alpha_panda.runtime import layers
from alpha_panda.runtime.settings import FeedSettings
from alpha_panda.topology.planner import plan
from alpha_panda_operator.cluster.cache import Cache, Key, key_of
from alpha_panda_operator.cluster.kinds import BROKER, CONFIG_MAP, RESOURCES
from alpha_panda_operator.decisions.observed import Trouble
from alpha_panda_operator.installation import Installation
from alpha_panda_operator.objects.configuration import FEED_BROKER, FEED_SETTINGS
from alpha_panda_operator.objects.model import MANAGER, Manifest, Owner, Surroundings, Workload
from alpha_panda_operator.objects.render import workloads

_KEPT: Final = ("name", "namespace", "labels")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What does not change while the operator runs."""

    installation: Installation
    release: Owner
    master: bytes
    table: InstrumentTable
    monitors: bool = False
    authority: str | None = None


@dataclass(frozen=True, kw_only=True)
class World:
    """One look at all resources."""

    around: Surroundings
    stored: Mapping[Key, StoredResource]
    unreadable: Mapping[Key, Trouble]
    workloads: tuple[Workload, ...]
    seen: Mapping[Key, tuple[str, int]]
    """UID and generation of every resource that was looked at, also of those that are being deleted."""
    feed_trouble: str = ""
    _by_owner: dict[str, list[Workload]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort the services by owner."""
        for each in self.workloads:
            self._by_owner.setdefault(each.owner.uid, []).append(each)

    def owned_by(self, uid: str) -> tuple[Workload, ...]:
        """The services of an owner."""
        return tuple(self._by_owner.get(uid, ()))

    @property
    def brokers(self) -> dict[str, StoredResource]:
        """The Brokers that hold their names."""
        held = {broker.uid for broker in self.around.plan.brokers}
        return {each.name: each for each in self.stored.values() if each.uid in held}


def look(cache: Cache, facts: Facts) -> World:
    """Plan for everything that the cache has and nobody is deleting."""
    found = [each for key, each in sorted(cache.objects.items()) if key[0] in {kind.kind for kind in RESOURCES}]
    stored: dict[Key, StoredResource] = {}
    unreadable: dict[Key, Trouble] = {}
    for each in found:
        if "deletionTimestamp" in each["metadata"]:
            continue
        try:
            stored[key_of(each)] = read(each)
        except PandaError as error:
            message = f"it is not valid and is ignored: {error}"
            unreadable[key_of(each)] = Trouble(reason=Reason.INVALID, message=message)
    planned = plan(stored.values(), facts.installation.platform, facts.master)
    feed, feed_trouble = _feed(cache, facts, planned.session_keys)
    around = Surroundings(
        plan=planned,
        installation=facts.installation,
        feed=feed,
        monitors=facts.monitors,
        authority=facts.authority,
    )
    return World(
        around=around,
        stored=stored,
        unreadable=unreadable,
        workloads=workloads(around, stored.values(), facts.release),
        seen={key_of(each): (each["metadata"]["uid"], each["metadata"]["generation"]) for each in found},
        feed_trouble=feed_trouble,
    )


def read(found: Manifest) -> StoredResource:
    """The resource in an object of the API server; raises ResourceError where our rules refuse it."""
    metadata = found["metadata"]
    kept = {name: metadata[name] for name in _KEPT if name in metadata}
    value = {
        "apiVersion": found["apiVersion"],
        "kind": found["kind"],
        "metadata": kept,
        "spec": found.get("spec", {}),
    }
    created = _moment(metadata["creationTimestamp"])
    changed_at, changed_by = _last_change(metadata, created)
    return StoredResource(
        resource=read_object(value, f"{found['kind']} {metadata['namespace']}/{metadata['name']}"),
        uid=metadata["uid"],
        generation=metadata["generation"],
        created_at=created,
        changed_at=changed_at,
        changed_by=changed_by,
    )


def _last_change(metadata: Mapping[str, Any], created: datetime) -> tuple[datetime, str]:
    """When somebody but the operator changed it last, and with what."""
    changes = [
        (_moment(each["time"]), str(each["manager"]))
        for each in metadata.get("managedFields", ())
        if "time" in each and each.get("subresource") != "status" and each.get("manager") != MANAGER
    ]
    return max(changes, default=(created, "unknown"))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _feed(cache: Cache, facts: Facts, logins: Collection[str]) -> tuple[dict[str, str], str]:
    """What the feed is to publish; nothing while it is not told, or told what it does not take.

    `logins` are the Brokers at an exchange.
    """
    name = facts.installation.feed_name
    found = cache.objects.get((CONFIG_MAP.kind, facts.release.namespace, name))
    told = dict((found or {}).get("data") or {})
    known = (*FEED_SETTINGS, FEED_BROKER)
    if unknown := sorted(set(told) - set(known)):
        return {}, f"ConfigMap {name}: {', '.join(unknown)} is unknown; allowed: {', '.join(known)}"
    try:
        settings = FeedSettings.model_validate({key: value for key, value in told.items() if key != FEED_BROKER})
    except ValidationError as error:
        return {}, f"ConfigMap {name}: " + "; ".join(map(layers.told, error.errors()))
    if settings.source == "yahoo":
        return {}, f"ConfigMap {name}: source yahoo is for one machine (panda up --yahoo): its prices come late"
    if settings.source == "kite" and told.get(FEED_BROKER) not in logins:
        there = f"there are: {', '.join(sorted(logins)) or 'none'}"
        return {}, f"ConfigMap {name}: source kite needs {FEED_BROKER}, the name of a Broker of type Zerodha; {there}"
    if settings.source != "kite":
        told.pop(FEED_BROKER, None)
    return told, ""


def strategies_on(world: World, broker: str) -> int:
    """How many Strategies trade on a Broker."""
    return sum(broker in each.brokers for each in world.around.plan.strategies)


def broker_keys(keys: Iterable[Key]) -> list[Key]:
    """The Brokers among them."""
    return [key for key in keys if key[0] == BROKER.kind]
