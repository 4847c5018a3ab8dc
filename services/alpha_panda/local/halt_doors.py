"""The doors of the kill switch: three stores that can each say that trading is halted, none needing another.

The log (`control.trading`) is the truth. The switch in Redis is asked by live risk managers and trading
before each entry, also while the log is down. The Brokers' resources reach the services as soon as the log is back.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from aiokafka import errors as kafka_errors

from alpha_panda.domain.kill_switch import Halts, halt_key, note
from alpha_panda.errors import InputError
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import event_id
from alpha_panda.events.topics import CONTROL_TRADING
from alpha_panda.local.halt_door import Door, Standing, standings
from alpha_panda.local.layout import Layout
from alpha_panda.local.operations import operations_publisher, operations_settings
from alpha_panda.local.resource_access import open_resources
from alpha_panda.local.resource_store import Applied, Outcome
from alpha_panda.local.run_file import Run, load_run
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.halting import halted_by, with_halt, without_halt
from alpha_panda.resources.strategy import Strategy
from alpha_panda.runtime.control_reader import ControlReader
from alpha_panda.runtime.kafka import translate
from alpha_panda.runtime.kill_switch import KillSwitch
from alpha_panda.runtime.redis import make_redis
from alpha_panda.runtime.settings import ServiceSettings

_REDIS_SECONDS: Final = 1.0
_LATER: Final = timedelta(milliseconds=1)


class LogDoor(Door):
    """Facts on the log, the last of each scope and subject kept for good."""

    name = CONTROL_TRADING.name

    def __init__(self, settings: ServiceSettings) -> None:
        """`settings` hold the credentials of operations."""
        self._settings = settings
        self._last: dict[str, datetime] = {}

    async def read(self) -> tuple[Standing, ...]:
        """The facts up to the present end."""
        return standings(self.name, await self._halts())

    async def press(self, halt: TradingHalted) -> str:
        """Write the fact."""
        await self._tell(halt)
        return "written; kept for good"

    async def release(self, resumed: TradingResumed) -> str:
        """Write the fact."""
        await self._tell(resumed)
        return "written"

    async def _halts(self) -> Halts:
        # aiokafka tells its log of a broker that does not answer; the report of this door tells it better.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        reader = ControlReader(self._settings)
        halts: Halts = {}
        try:
            for event, _ in await reader.start():
                if isinstance(event.data, TradingHalted | TradingResumed):
                    note(halts, event.data)
                    self._last[halt_key(event.data.scope, event.data.subject)] = event.event_time
        except kafka_errors.KafkaError as error:
            raise translate(error) from error
        finally:
            await reader.stop()
        return halts

    async def _tell(self, statement: TradingHalted | TradingResumed) -> None:
        """Write it dated after the last of its key, so that a clock that was set back does not reorder them."""
        await self._halts()
        key = halt_key(statement.scope, statement.subject)
        now = datetime.now(UTC)
        moment = max(now, self._last[key] + _LATER) if key in self._last else now
        identity = event_id(moment, "trading", type(statement).__name__, key, statement.actor, statement.reason)
        event = Event(id=identity, event_time=moment, data=statement, key=key, correlation_id=identity)
        async with operations_publisher(self._settings) as publisher:
            await publisher.publish([event], None)


class SwitchDoor(Door):
    """The switch in Redis."""

    name = "redis"
    prompt = True

    def __init__(self, settings: ServiceSettings, *, asked: bool) -> None:
        """`settings` hold the credentials of operations; `asked` says whether the run's risk managers ask it."""
        self._settings = settings
        self._asked = asked

    async def read(self) -> tuple[Standing, ...]:
        """Its keys."""
        async with self._switch() as switch:
            return standings(self.name, await switch.read())

    def serves(self, scope: HaltScope) -> bool:
        """A replay decides by its log alone and never asks."""
        _ = scope
        return self._asked

    async def press(self, halt: TradingHalted) -> str:
        """Write the key."""
        async with self._switch() as switch:
            await switch.press(halt)
        return "written; asked before each entry"

    async def release(self, resumed: TradingResumed) -> str:
        """Delete the key."""
        async with self._switch() as switch:
            await switch.release(resumed)
        return "deleted"

    @asynccontextmanager
    async def _switch(self) -> AsyncIterator[KillSwitch]:
        async with make_redis(self._settings.redis, seconds=_REDIS_SECONDS, retries=0) as redis:
            yield KillSwitch(redis, self._settings.platform.prefix)


class ResourceDoor(Door):
    """`spec.halted` of the Brokers."""

    name = "resource"

    def __init__(self, layout: Layout) -> None:
        """The resources of the platform in this data directory."""
        self._layout = layout

    def serves(self, scope: HaltScope) -> bool:
        """A resource halts its whole Broker."""
        return scope in {HaltScope.ALL, HaltScope.BROKER}

    async def read(self) -> tuple[Standing, ...]:
        """The Brokers that are halted, by whom."""
        async with open_resources(self._layout.root) as store:
            brokers = [each.resource for each in await store.list("Broker")]
        found: dict[tuple[str, str, str], Standing] = {}
        for broker in brokers:
            for asked in halted_by(broker) if isinstance(broker, Broker) else ():
                scope = HaltScope.ALL if asked == HaltScope.ALL else HaltScope.BROKER
                name = broker.metadata.name
                subject = "" if scope is HaltScope.ALL else name
                reason = f"Broker {name} has spec.halted: true ({asked})"
                standing = Standing(scope=scope, subject=subject, door=self.name, actor=None, reason=reason)
                found.setdefault((scope, subject, asked), standing)
        return tuple(found[key] for key in sorted(found))

    async def press(self, halt: TradingHalted) -> str:
        """Set it."""
        return await self._edit(halt, lambda broker: with_halt(broker, halt.scope.value), "halted")

    async def release(self, resumed: TradingResumed) -> str:
        """Take it back, where nobody else asks for it."""
        return await self._edit(resumed, lambda broker: without_halt(broker, resumed.scope.value), "changed")

    async def _edit(
        self, statement: TradingHalted | TradingResumed, change: Callable[[Broker], Broker], outcome: str
    ) -> str:
        def edit(resource: Broker | Strategy) -> Broker | Strategy:
            return change(resource) if isinstance(resource, Broker) else resource

        names = None if statement.scope is HaltScope.ALL else [statement.subject]
        async with open_resources(self._layout.root) as store:
            applied = await store.edit("Broker", names, edit, statement.actor)
        if not applied:
            raise InputError("there is no such Broker" if names else "there is no Broker yet")
        return "; ".join(f"Broker {each.name} {_done(each, outcome)}" for each in applied)


def find_doors(layout: Layout) -> tuple[Door, ...]:
    """The doors of the platform in a data directory, the truth first.

    Raises:
        UnavailableError: it was never started.
    """
    run = load_run(layout) or Run()
    settings = operations_settings(layout, run)
    return (LogDoor(settings), SwitchDoor(settings, asked=run.pacing == "arrival"), ResourceDoor(layout))


def _done(applied: Applied, outcome: str) -> str:
    return "as it was" if applied.outcome is Outcome.UNCHANGED else outcome
