"""The portfolio's read model, from Redis."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from redis.asyncio import Redis

from alpha_panda.api.models import Freshness
from alpha_panda.runtime.store_errors import redis_store_errors


class Cached(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the read model as it was written."""

    as_of: datetime
    written_at: datetime
    data: Any


class PortfolioCache:
    """Reads `{broker}:portfolio:{part}`."""

    def __init__(self, client: Redis, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._client = client
        self._clock = clock

    async def read(self, broker: str, *parts: str) -> dict[str, Cached]:
        """The parts that are there; all of one call were written together.

        Raises:
            TransientError: Redis does not answer.
        """
        with redis_store_errors():
            values = await self._client.mget([f"{broker}:portfolio:{part}" for part in parts])
        return {
            part: msgspec.json.decode(value, type=Cached)
            for part, value in zip(parts, values, strict=True)
            if value is not None
        }

    def freshness(self, cached: Cached) -> Freshness:
        """How old a part is now."""
        age = (self._clock() - cached.written_at).total_seconds()
        return Freshness(as_of=cached.as_of, written_at=cached.written_at, age_seconds=round(age, 3))

    async def ping(self) -> None:
        """Raises TransientError where Redis does not answer."""
        with redis_store_errors():
            await self._client.ping()
