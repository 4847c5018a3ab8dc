"""The operator at work: workers on one queue, a full look every few minutes, and what the watch tells in between.

The platform is one key and each resource another. A resource whose present spec the platform's pass has not planned for
asks for that pass first, and is looked at after it.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from alpha_panda.errors import PandaError
from alpha_panda_operator.cluster.cache import Key
from alpha_panda_operator.cluster.kinds import CONFIG_MAP, DEPLOYMENT, RESOURCES, Kind
from alpha_panda_operator.cluster.leadership import LeadershipLostError
from alpha_panda_operator.decisions.observed import Trouble, seen_service
from alpha_panda_operator.engine.finalizers import Finalizers
from alpha_panda_operator.engine.platform import PlatformPass
from alpha_panda_operator.engine.queue import WorkQueue
from alpha_panda_operator.engine.resource import ResourcePass
from alpha_panda_operator.engine.tools import Tools
from alpha_panda_operator.engine.world import World
from alpha_panda_operator.objects.model import MANAGER, OWNER_UID, Manifest

PLATFORM: Final[Key] = ("Platform", "", "")
_WORKERS: Final = 4
_GATHER_SECONDS: Final = 0.1
"""Changes that come together are planned for together."""
_RESOURCE_KINDS: Final = tuple(kind.kind for kind in RESOURCES)


class Engine:
    """Everything between the watch and the API server."""

    def __init__(self, tools: Tools) -> None:
        """Nothing is known yet."""
        timing = tools.facts.installation.timing
        self._tools = tools
        self.queue = WorkQueue(timing.first_pause, timing.longest_pause)
        self._platform = PlatformPass(tools)
        self._resource = ResourcePass(tools, self._platform)
        self._finalizers = Finalizers(tools)
        self._resync = timing.resync
        self._again = True
        self._told: object = None
        self._log = structlog.get_logger()
        tools.metrics.watch_queue(lambda: len(self.queue))

    async def run(self) -> None:
        """Work until cancelled."""
        await self.list_everything()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._resync_for_ever())
            for _ in range(_WORKERS):
                group.create_task(self._work())

    async def stop(self) -> None:
        """Disconnect."""
        await self._platform.stop()

    def see(self, event: str | None, found: Manifest) -> None:
        """Take what the watch tells."""
        served = self._tools.facts.installation.namespaces
        if found["kind"] in _RESOURCE_KINDS and found["metadata"]["namespace"] not in served:
            return
        if event == "DELETED":
            news = self._tools.cache.lose(found)
        else:
            before = self._tools.cache.objects.get((found["kind"], *_place(found)))
            news = self._tools.cache.see(found)
            if found["kind"] == DEPLOYMENT.kind and before is not None:
                news = news or _readiness(before) != _readiness(found)
        if news:
            self._ask_about(found)

    async def list_everything(self) -> None:
        """Ask the API server for all that matters; whatever no watch had told is looked at."""
        installation, cache = self._tools.facts.installation, self._tools.cache
        cache.begin_list()
        missed: set[Key] = set()
        for namespace in sorted({*installation.namespaces, self._tools.facts.release.namespace}):
            for kind, labels in _lists(installation.name):
                if kind in RESOURCES and namespace not in installation.namespaces:
                    continue
                found, version = await self._tools.api.list(kind, namespace, labels)
                missed |= cache.replace(kind.kind, namespace, found, version)
        self._tools.metrics.missed.inc(len(missed))
        self._again = True
        self.queue.add(PLATFORM)

    async def _resync_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._resync)
            try:
                await self.list_everything()
            except PandaError as error:
                self._log.warning("the regular look at everything failed", reason=str(error))

    async def _work(self) -> None:
        while True:
            key = await self.queue.take()
            try:
                self._tools.api.require_lead()  # the stores know no lease, so it is asked for here
                with self._tools.metrics.look(key[0]):
                    again = await (self._look_at_platform() if key == PLATFORM else self._look_at(key))
            except LeadershipLostError:
                raise
            except Exception as error:  # noqa: BLE001 - the boundary: whatever happens to one key, the others go on
                pause = self.queue.failed(key)
                known = isinstance(error, PandaError)
                self._log.error(
                    "a look failed and is repeated",
                    key="/".join(key),
                    seconds=round(pause, 1),
                    reason=str(error),
                    exc_info=not known,
                )
            else:
                self.queue.done(key)
                if again is not None:
                    self.queue.add(key, again)

    async def _look_at_platform(self) -> float | None:
        await asyncio.sleep(_GATHER_SECONDS)
        again, self._again = self._again, False
        world = self._platform.look()
        try:
            await self._platform.settle(world, again=again)
        except PandaError:
            self._again = True
            self._ask_about_resources(world)
            raise
        trouble = await self._platform.run_shared(world)
        self._ask_about_resources(world, everything=again)
        if trouble is not None:
            raise PandaError(f"{trouble.reason}: {trouble.message}")
        return None

    async def _look_at(self, key: Key) -> float | None:
        found, world = self._tools.cache.objects.get(key), self._platform.world
        if found is None:
            return None
        metadata = found["metadata"]
        if "deletionTimestamp" in metadata:
            if self._finalizers.is_on(found):
                await self._finalizers.finish(found)
            return None
        if world is None or world.seen.get(key) != (metadata["uid"], metadata["generation"]):
            self.queue.add(PLATFORM)
            return None
        stored = world.stored.get(key)
        if stored is not None:
            await self._finalizers.keep(found, stored)
        return await self._resource.look(self._tools.cache.objects.get(key, found), world)

    def _ask_about(self, found: Manifest) -> None:
        if found["kind"] != DEPLOYMENT.kind:
            self.queue.add(PLATFORM)
            return
        uid, world = (found["metadata"].get("labels") or {}).get(OWNER_UID), self._platform.world
        if world is None or uid == self._tools.facts.release.uid:
            self.queue.add(PLATFORM)
        if world is not None:
            self._ask_about_dependents(str(uid), world)

    def _ask_about_dependents(self, uid: str, world: World) -> None:
        """The owner of a service, and whoever else needs it."""
        keys = {stored.uid: key for key, stored in world.stored.items()}
        owner = keys.get(uid)
        if owner is not None:
            self.queue.add(owner)
        broker = owner[2] if owner is not None and owner[0] == "Broker" else None
        for each in world.around.plan.strategies:
            if broker in each.brokers or uid == self._tools.facts.release.uid:
                self.queue.add(keys[each.uid])

    def _ask_about_resources(self, world: World, *, everything: bool = False) -> None:
        """Those that are new to the platform's pass; all, where what all depend on has changed."""
        plan, trouble = world.around.plan, self._platform.trouble
        brokers = tuple((each.uid, each.generation) for each in world.brokers.values())
        told = (brokers, plan.conflicts, trouble, dict(world.around.feed), world.feed_trouble)
        everything = everything or told != self._told
        for key in sorted({*world.seen, *world.unreadable}):
            known = self._tools.cache.objects.get(key)
            if known is None:
                continue
            status = known.get("status") or {}
            if everything or status.get("observedGeneration") != known["metadata"]["generation"]:
                self.queue.add(key)
        self._told = told


def _lists(installation: str) -> tuple[tuple[Kind, str], ...]:
    managed = f"app.kubernetes.io/managed-by={MANAGER},app.kubernetes.io/instance={installation}"
    return (*((kind, "") for kind in RESOURCES), (DEPLOYMENT, managed), (CONFIG_MAP, feed_label(installation)))


def feed_label(installation: str) -> str:
    """The label selector of the ConfigMap that says what the feed publishes."""
    return f"app.kubernetes.io/name=market-feed,app.kubernetes.io/instance={installation}"


def _place(found: Manifest) -> tuple[str, str]:
    return (found["metadata"]["namespace"], found["metadata"]["name"])


def _readiness(deployment: Manifest) -> Trouble | None:
    return seen_service("", deployment).trouble
