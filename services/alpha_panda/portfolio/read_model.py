"""The read model in Redis: five JSON values under the Broker's name, replaced together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from redis.asyncio import Redis

from alpha_panda.portfolio.views import ReadModel
from alpha_panda.runtime.store_errors import redis_store_errors

PARTS = ("summary", "positions", "strategies", "fills", "equity")


def wall_clock() -> datetime:
    """The time now, aware UTC."""
    return datetime.now(UTC)


class ReadModelWriter:
    """Writes `{broker}:portfolio:{part}` for each of `PARTS`.

    Each value is `{"as_of": event time, "written_at": wall time, "data": …}`: in a replay the first is
    years old while the second tells whether the portfolio service is alive.
    """

    def __init__(self, client: Redis, broker: str, clock: Callable[[], datetime] = wall_clock) -> None:
        self._client = client
        self._broker = broker
        self._clock = clock

    async def write(self, model: ReadModel) -> None:
        """Replace all parts in one transaction.

        Raises:
            TransientError: Redis does not answer. It is a cache: the next write makes up for it.
            AuthenticationError: it refuses this user.
        """
        frame = {"as_of": model.summary.as_of, "written_at": self._clock()}
        values = {
            f"{self._broker}:portfolio:{part}": msgspec.json.encode({**frame, "data": getattr(model, part)})
            for part in PARTS
        }
        with redis_store_errors():
            async with self._client.pipeline(transaction=True) as pipe:
                for key, value in values.items():
                    pipe.set(key, value)
                await pipe.execute()
