"""The doors of the kill switch that are stores of their own: the log and the switch in Redis.

The log (`control.trading`) is the truth. The switch in Redis is asked by live risk managers and trading
before each entry, also while the log is down.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from aiokafka import errors as kafka_errors

from alpha_panda.domain.kill_switch import Halts, halt_key, note
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import event_id
from alpha_panda.events.topics import CONTROL_TRADING
from alpha_panda.operations.halt_door import Door, Standing, standings
from alpha_panda.operations.publisher import operations_publisher
from alpha_panda.operations.quiet import quiet_kafka
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
        reader = ControlReader(self._settings)
        halts: Halts = {}
        with quiet_kafka():
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
        """Write it dated after the last of its key, so that a clock that was set back does not reorder them.

        What is there is read while the way to write is opened: each takes as long as the other.
        """
        reading = asyncio.ensure_future(self._halts())
        try:
            async with operations_publisher(self._settings) as publisher:
                await reading
                await publisher.publish([self._event(statement)], None)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def _event(self, statement: TradingHalted | TradingResumed) -> Event[TradingHalted | TradingResumed]:
        key = halt_key(statement.scope, statement.subject)
        now = datetime.now(UTC)
        moment = max(now, self._last[key] + _LATER) if key in self._last else now
        identity = event_id(moment, "trading", type(statement).__name__, key, statement.actor, statement.reason)
        return Event(id=identity, event_time=moment, data=statement, key=key, correlation_id=identity)


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
