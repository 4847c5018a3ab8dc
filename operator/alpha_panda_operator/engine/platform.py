"""A pass over the whole platform: plan, stores, what the services are told, and the services that all share.

The order is the supervisor's: deletions are told before permissions go, permissions are there before anybody is told of
what needs them, and pods come last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog

from alpha_panda.errors import PandaError
from alpha_panda.events.topics import CONTROL
from alpha_panda.provision.topics import any_created
from alpha_panda.resources.reasons import Reason
from alpha_panda.runtime.control_publisher import ControlPublisher
from alpha_panda.topology.model import Plan
from alpha_panda_operator.cluster.cache import Key, key_of
from alpha_panda_operator.cluster.kinds import DEPLOYMENT
from alpha_panda_operator.decisions.observed import Trouble
from alpha_panda_operator.engine.tools import Tools
from alpha_panda_operator.engine.world import World, look
from alpha_panda_operator.objects.model import REVISION, Manifest
from alpha_panda_operator.objects.render import render
from alpha_panda_operator.stores import StoreError

SOURCE: Final = "operator"


class PlatformPass:
    """Looks at everything; what it found stays in `world`, what is wrong with the stores in `trouble`."""

    def __init__(self, tools: Tools) -> None:
        """Nothing was looked at yet."""
        self._cache, self._facts, self._stores = tools.cache, tools.facts, tools.stores
        self._children, self._metrics, self._market = tools.children, tools.metrics, tools.market
        self._control: ControlPublisher | None = None
        self._provisioned: tuple[object, ...] | None = None
        self._log = structlog.get_logger()
        self.world: World | None = None
        self.trouble: Trouble | None = None
        self.ready_for: frozenset[tuple[str, int]] = frozenset()
        """UID and generation of what the stores are made for and the services were told of."""

    def look(self) -> World:
        """Plan anew."""
        self.world = look(self._cache, self._facts)
        if self.world.feed_trouble:
            self._log.error("the feed stands still", reason=self.world.feed_trouble)
        return self.world

    async def settle(self, world: World, *, again: bool = False) -> None:
        """Make the stores what the plan says and tell the services; `again` also where nothing seems to have changed.

        Raises:
            StoreError: a store did not do it. What runs is left alone.
        """
        try:
            await self._provision(world, again=again)
            await self._tell(world)
        except PandaError as error:
            self.trouble = error.trouble if isinstance(error, StoreError) else _kafka(error)
            self._metrics.stores.set(0)
            await self._forget_control()
            raise
        self.trouble = None
        self._metrics.stores.set(1)
        self.ready_for = frozenset((each.uid, each.generation) for each in world.stored.values())

    async def run_shared(self, world: World) -> Trouble | None:
        """Make the services that belong to no resource what they should be; why one could not be."""
        owner = self._facts.release
        loads = world.owned_by(owner.uid)
        wanted = [each for load in loads for each in render(load, world.around)]
        live = await self._children.find(owner, wanted)
        held = self._held(world, wanted, live)
        done = await self._children.apply(owner, [each for each in wanted if _name(each) not in held], live)
        self._metrics.applied.inc(done.applied)
        if done.trouble is not None:
            return done.trouble
        gone = await self._children.prune(owner, wanted, live, explained=False)
        self._metrics.deleted.inc(gone.deleted)
        return gone.trouble

    async def stop(self) -> None:
        """Disconnect."""
        await self._forget_control()

    async def _provision(self, world: World, *, again: bool) -> None:
        wanted = _stored_part(world.around.plan)
        if wanted == self._provisioned and not again:
            return
        if self._control is not None:
            await self._control.publish_deletions(world.stored.values())
        made = await self._stores.provision(world.around.plan)
        prefix = self._facts.installation.platform.prefix
        if self._control is not None and any_created(made, (topic.full_name(prefix=prefix) for topic in CONTROL)):
            await self._control.read_again()
        self._provisioned = wanted
        if made:
            self._log.info("stores changed", changes=len(made), first=made[0])

    async def _tell(self, world: World) -> None:
        if self._control is None:
            control = ControlPublisher(self._stores.service_settings, SOURCE)
            await control.start()
            self._control = control
        await self._control.publish_deletions(world.stored.values())
        await self._control.publish_changes(world.stored.values())

    async def _forget_control(self) -> None:
        """After trouble nobody knows what was written: the log is asked at the next start."""
        control, self._control = self._control, None
        if control is not None:
            await control.stop()

    def _held(self, world: World, wanted: list[Manifest], live: Mapping[Key, Manifest]) -> set[str]:
        """The services whose pods may not be replaced now, because live Brokers depend on them and the market is on."""
        if self._market.is_closed() or not any(broker.live for broker in world.around.plan.brokers):
            return set()
        held = {_name(each) for each in wanted if is_replaced(each, live)}
        if held:
            self._log.info("shared services wait for the market to close", services=sorted(held))
        return held


def _name(made: Manifest) -> str:
    return str(made["metadata"]["name"])


def is_replaced(wanted: Manifest, live: Mapping[Key, Manifest]) -> bool:
    """Whether it is a Deployment whose pods would be other ones."""
    known = live.get(key_of(wanted))
    if wanted["kind"] != DEPLOYMENT.kind or known is None:
        return False
    before = known["metadata"].get("annotations") or {}
    return bool(before.get(REVISION) != wanted["metadata"]["annotations"][REVISION])


def _stored_part(plan: Plan) -> tuple[object, ...]:
    return (plan.topics, plan.kafka_users, plan.redis_users, plan.postgres_schemas, plan.postgres_roles)


def _kafka(error: PandaError) -> Trouble:
    """What is not a store's own is about telling the services, which goes through Kafka."""
    return Trouble(reason=Reason.KAFKA_UNAVAILABLE, message=f"Kafka: {error}; what runs is left alone")
