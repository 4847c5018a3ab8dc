"""The read model in Redis: five JSON values under the Broker's name, replaced together by the task's owner.

The fence of who wrote them stands beside them, and what comes under an earlier one is refused there. Redis only
remembers the fence, though. PostgreSQL knows it, and is asked where a writer is refused: a Redis that has outlived
the other stores must not keep the portfolio out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec
from redis.asyncio import Redis

from alpha_panda.portfolio.views import ReadModel
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.store_errors import redis_store_errors

PARTS = ("summary", "positions", "strategies", "fills", "equity")
_REPLACE: Final = """
local held = tonumber(redis.call('GET', KEYS[1]))
if ARGV[2] == 'unless later' and held and held > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
for part = 2, #KEYS do redis.call('SET', KEYS[part], ARGV[part + 1]) end
return 1
"""


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
        self._keys = [f"{broker}:portfolio:{part}" for part in ("fence", *PARTS)]
        self._clock = clock

    async def write(self, model: ReadModel, tenure: Tenure) -> None:
        """Replace all parts in one step.

        Raises:
            TransientError: Redis does not answer. It is a cache: the next write makes up for it.
            AuthenticationError: it refuses this user.
            FencedError: the task has another owner by now.
        """
        frame = {"as_of": model.summary.as_of, "written_at": self._clock()}
        values = [msgspec.json.encode({**frame, "data": getattr(model, part)}) for part in PARTS]
        if await self._replace(values, tenure.fence or 0, "unless later"):
            return
        await tenure.must_own()
        await self._replace(values, tenure.fence or 0, "in any case")

    async def is_there(self) -> bool:
        """Whether Redis has all parts; raises TransientError where it does not answer."""
        with redis_store_errors():
            return bool(await self._client.exists(*self._keys) == len(self._keys))

    async def _replace(self, values: list[bytes], fence: int, when: str) -> bool:
        with redis_store_errors():
            return bool(await self._client.eval(_REPLACE, len(self._keys), *self._keys, fence, when, *values))
