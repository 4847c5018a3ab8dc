"""What happens to the stores themselves: a cache that forgets, servers that are stopped."""

from __future__ import annotations

import asyncio
import signal
import time

from tests.chaos import administrator
from tests.chaos.arena import PATIENCE_SECONDS, Arena
from tests.chaos.faults.fault import Fault, MissedError
from tests.chaos.faults.processes import Freeze, Kill

_POLL_SECONDS = 0.05


class FlushRedis(Fault):
    """Redis forgets everything."""

    kind = "redis flush"
    name = "FLUSHALL"

    async def inject(self, arena: Arena) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        async with administrator.redis(arena) as redis:
            while not (keys := await redis.dbsize()):
                if time.monotonic() > deadline:
                    raise MissedError("Redis held nothing")
                await asyncio.sleep(_POLL_SECONDS)
            await redis.flushall()
        return f"{keys} keys are gone"


def kafka_dies() -> Kill:
    """The broker is killed; the supervisor starts it again."""
    return Kill("kafka", signal.SIGKILL, "kafka restart")


def kafka_stops() -> Kill:
    """The broker is stopped as an upgrade would."""
    return Kill("kafka", signal.SIGTERM, "kafka restart")


def redis_dies() -> Kill:
    """Redis is killed."""
    return Kill("redis", signal.SIGKILL, "redis restart")


def postgres_stops_at_once() -> Kill:
    """An immediate shutdown: no transaction ends, nothing is flushed; what `pg_ctl stop -m immediate` sends."""
    return Kill("postgres", signal.SIGQUIT, "postgres restart")


def stands_still(store: str, seconds: float) -> Freeze:
    """A store that answers nobody for a while."""
    return Freeze(store, seconds, f"{store} stop")
