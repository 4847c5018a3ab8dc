"""Counting who does what how often, in Redis, so that all replicas count together; made here as all its clients are."""

from __future__ import annotations

import time
from typing import Any, Final

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis

from alpha_panda.runtime.store_errors import redis_store_errors

_ANY: Final = "async+redis://the-pool-knows:1"


class RateLimits:
    """Moving windows of a minute over a Redis client that the caller closes."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        """Every key begins with `prefix`."""
        pool: Any = redis.connection_pool  # its type names options of a URL alone
        storage = RedisStorage(_ANY, connection_pool=pool, implementation="redispy", key_prefix=prefix.rstrip(":"))
        self._windows = MovingWindowRateLimiter(storage)

    async def seconds_to_wait(self, per_minute: int, *names: str) -> int:
        """Count one deed of these names; 0 where it is within the limit, else the seconds until there is room.

        Raises:
            TransientError: Redis does not answer; whoever must fail closed then refuses.
        """
        limit: RateLimitItem = RateLimitItemPerMinute(per_minute)
        with redis_store_errors():
            if await self._windows.hit(limit, *names):
                return 0
            window = await self._windows.get_window_stats(limit, *names)
        return max(1, round(window.reset_time - time.time()))
