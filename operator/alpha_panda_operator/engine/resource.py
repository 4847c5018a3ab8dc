"""A pass over one Broker or Strategy: its own services, and what it is told about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from alpha_panda.resources.broker import BrokerSpec, BrokerType
from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.status import BrokerStatus, ConditionStatus, ResourceStatus, StrategyStatus
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import Mode, StrategySpec
from alpha_panda_operator.cluster.cache import Key, key_of
from alpha_panda_operator.cluster.kinds import DEPLOYMENT, kind_named
from alpha_panda_operator.decisions.acceptance import refusals
from alpha_panda_operator.decisions.observed import Seen, ServiceSeen, Trouble
from alpha_panda_operator.decisions.rollouts import Change, Moment, Verdict, decide_rollout
from alpha_panda_operator.decisions.statuses import StrategySeen, broker_status, strategy_status
from alpha_panda_operator.engine.observer import Observer
from alpha_panda_operator.engine.platform import PlatformPass
from alpha_panda_operator.engine.telling import status_of
from alpha_panda_operator.engine.tools import Tools
from alpha_panda_operator.engine.world import Facts, World, strategies_on
from alpha_panda_operator.objects.model import REVISION, Manifest, Workload, object_name
from alpha_panda_operator.objects.render import owner_of, render

_TOLD_BY_NO_WATCH: Final[frozenset[str]] = frozenset(
    {
        Reason.NOT_READY,
        Reason.APPLY_FAILED,
        Reason.IMAGE_PULL_FAILED,
        Reason.CRASHING,
        Reason.SECRET_MISSING,
        Reason.SECRET_INCOMPLETE,
    }
)
"""What only pods, Secrets or the API server say: to watch all of these would be more than a role should allow."""
_ASK_AGAIN_SECONDS: Final = 10.0
_LOGIN_SECONDS: Final = 15.0


class ResourcePass:
    """Does what one resource needs; the platform's pass has planned for it before."""

    def __init__(self, tools: Tools, platform: PlatformPass) -> None:
        """Nothing is done yet."""
        self._api, self._cache, self._facts = tools.api, tools.cache, tools.facts
        self._children, self._teller, self._market, self._metrics = (
            tools.children,
            tools.teller,
            tools.market,
            tools.metrics,
        )
        self._platform = platform
        self._observer = Observer(tools)

    async def look(self, found: Manifest, world: World) -> float | None:
        """Do what is to be done; when to look again without being asked, in seconds."""
        stored = world.stored.get(key_of(found))
        if stored is None:
            await self._tell_unreadable(found, world)
            return None
        verdict, broken = await self._run(found, stored, world)
        status = await self._status(found, stored, world, verdict, broken)
        await self._teller.tell(found, status)
        waits = [verdict.look_again if verdict is not None else None, _ask_again(status), _ask_of_login(stored)]
        return min((each for each in waits if each is not None), default=None)

    async def _run(
        self, found: Manifest, stored: StoredResource, world: World
    ) -> tuple[Verdict | None, Trouble | None]:
        """Make its own services what they should be, unless the stores are not made for them yet."""
        owner = owner_of(stored)
        loads = world.owned_by(stored.uid)
        settled = (stored.uid, stored.generation) in self._platform.ready_for and self._platform.trouble is None
        if not settled or not (loads or status_of(found).services or self._observer.has_children(stored.uid)):
            return None, None
        wanted = [each for load in loads for each in render(load, world.around)]
        live = await self._children.find(owner, wanted)
        verdict = await self._decide(found, stored, loads, wanted, live)
        before = status_of(found).rollout
        if verdict.record is not None and verdict.record != before:
            await self._write_ahead(found, verdict)
        allowed = wanted if verdict.go else [each for each in wanted if not _is_held(each, verdict, self._facts, loads)]
        done = await self._children.apply(owner, allowed, live)
        self._metrics.applied.inc(done.applied)
        for each in live.values():
            if each["kind"] == DEPLOYMENT.kind:
                self._cache.see(each)
        if done.trouble is not None:
            return verdict, done.trouble
        explained = isinstance(stored.spec, StrategySpec)
        gone = await self._children.prune(owner, wanted, live, explained=explained)
        self._metrics.deleted.inc(gone.deleted)
        return verdict, gone.trouble

    async def _decide(
        self,
        found: Manifest,
        stored: StoredResource,
        loads: Sequence[Workload],
        wanted: Sequence[Manifest],
        live: dict[Key, Manifest],
    ) -> Verdict:
        names = {object_name(self._facts.installation, load.service): load.service.name for load in loads}
        revisions = {
            names[each["metadata"]["name"]]: each["metadata"]["annotations"][REVISION]
            for each in wanted
            if each["kind"] == DEPLOYMENT.kind
        }
        running = {
            names[each["metadata"]["name"]]: str((each["metadata"].get("annotations") or {}).get(REVISION, "0"))
            for key, each in live.items()
            if key[0] == DEPLOYMENT.kind and each["metadata"]["name"] in names
        }
        serving = frozenset(
            each.name for each in self._observer.services(tuple(revisions), stored.namespace or "") if each.ready
        )
        change = Change(
            live=running,
            wanted=revisions,
            available=serving,
            guarded=_is_live(stored),
            rollout=stored.spec.rollout,
            serve_seconds=self._facts.installation.timing.serve,
        )
        flat = await self._market.is_flat(_brokers_of(stored)) if change.guarded and change.replaced else None
        moment = Moment(now=datetime.now(UTC), market_open=self._market.is_open(), flat=flat)
        return decide_rollout(status_of(found).rollout, change, moment)

    async def _write_ahead(self, found: Manifest, verdict: Verdict) -> None:
        """Write the roll-out down before it begins."""
        assert verdict.record is not None  # noqa: S101 - for the type checker
        record = verdict.record.model_dump(mode="json", by_alias=True, exclude_none=True)
        metadata = found["metadata"]
        change = {"metadata": {"uid": metadata["uid"]}, "status": {"rollout": record}}
        kind = kind_named(found["kind"])
        stored = await self._api.patch(kind, metadata["namespace"], metadata["name"], change, "status")
        found["status"] = stored.get("status")
        self._cache.see(stored)

    async def _status(
        self,
        found: Manifest,
        stored: StoredResource,
        world: World,
        verdict: Verdict | None,
        broken: Trouble | None,
    ) -> ResourceStatus:
        plan = world.around.plan
        own = tuple(load.service.name for load in world.owned_by(stored.uid))
        provisioned = any(uid == stored.uid for uid, _ in self._platform.ready_for)
        parts: dict[str, Any] = {
            "generation": stored.generation,
            "now": datetime.now(UTC),
            "refused": refusals(stored, plan.conflicts, self._facts.table),
            "stores": self._platform.trouble,
            "provisioned": provisioned,
            "own": self._observer.services(own, stored.namespace or ""),
            "broken": broken,
            "rollout": verdict,
        }
        if isinstance(stored.spec, BrokerSpec):
            needed = await self._observer.explained(parts["own"], stored)
            credentials, exchange = await self._observer.credentials(stored), await self._observer.standing(stored)
            seen = Seen(**parts, needed=needed, credentials=credentials, exchange=exchange)
            before = status_of(found)
            return broker_status(
                seen,
                stored.spec.type,
                halted=stored.spec.halted,
                strategies=strategies_on(world, stored.name),
                before=before if isinstance(before, BrokerStatus) else BrokerStatus(),
            )
        return await self._strategy_status(found, stored, stored.spec, world, parts)

    async def _strategy_status(
        self, found: Manifest, stored: StoredResource, spec: StrategySpec, world: World, parts: dict[str, Any]
    ) -> ResourceStatus:
        planned = next((each for each in world.around.plan.strategies if each.uid == stored.uid), None)
        runner = planned.runner if planned is not None else None
        brokers = planned.brokers if planned is not None else ()
        own: tuple[ServiceSeen, ...] = parts["own"]
        needed = own or (
            self._observer.services((runner,), self._facts.release.namespace) if runner is not None else ()
        )
        guards = tuple(
            seen
            for name in brokers
            for seen in self._observer.services((f"{name}.risk-manager",), world.brokers[name].namespace or "")
        )
        mine = StrategySeen(
            state=spec.state,
            runner=runner,
            brokers=brokers,
            halted=tuple(name for name in brokers if _is_halted(world.brokers[name])),
            guards=guards,
            market=self._market.closed(world.around, world.feed_trouble),
        )
        before = status_of(found)
        needed = await self._observer.explained(needed, stored) if own else needed
        seen = Seen(**parts, runs=runner is not None, needed=needed)
        return strategy_status(seen, mine, before if isinstance(before, StrategyStatus) else StrategyStatus())

    async def _tell_unreadable(self, found: Manifest, world: World) -> None:
        """Say what is wrong with a resource that the API server took and our rules do not."""
        trouble = world.unreadable.get(key_of(found))
        if trouble is None:
            return
        seen = Seen(generation=found["metadata"]["generation"], now=datetime.now(UTC), refused=(trouble,), runs=False)
        before = status_of(found)
        if isinstance(before, BrokerStatus):
            kind = BrokerType.PAPER
            status: ResourceStatus = broker_status(seen, kind, halted=False, strategies=0, before=before)
        else:
            state = StrategySpec.model_fields["state"].default
            status = strategy_status(seen, StrategySeen(state=state, runner=None, brokers=()), before)
        await self._teller.tell(found, status)


def _ask_again(status: ResourceStatus) -> float | None:
    """In how many seconds to look for what no watch tells; None where nothing of that kind is amiss."""
    amiss = {each.reason for each in status.conditions if each.status is not ConditionStatus.TRUE}
    return _ASK_AGAIN_SECONDS if amiss & _TOLD_BY_NO_WATCH else None


def _ask_of_login(stored: StoredResource) -> float | None:
    """In how many seconds to look at a login again, which no watch tells of; None where none is needed."""
    spec = stored.spec
    at_exchange = isinstance(spec, BrokerSpec) and spec.type is BrokerType.ZERODHA
    return _LOGIN_SECONDS if at_exchange else None


def _is_held(made: Manifest, verdict: Verdict, facts: Facts, loads: Sequence[Workload]) -> bool:
    """Whether an object is part of a service whose pods must not be replaced now."""
    record = verdict.record
    held = {
        object_name(facts.installation, load.service)
        for load in loads
        if record is not None and load.service.name in record.services
    }
    return made["metadata"]["name"] in held


def _is_live(stored: StoredResource) -> bool:
    spec = stored.spec
    return spec.live if isinstance(spec, BrokerSpec) else spec.mode is Mode.LIVE


def _is_halted(stored: StoredResource) -> bool:
    return isinstance(stored.spec, BrokerSpec) and stored.spec.halted


def _brokers_of(stored: StoredResource) -> tuple[str, ...]:
    return stored.spec.brokers if isinstance(stored.spec, StrategySpec) else (stored.name,)
