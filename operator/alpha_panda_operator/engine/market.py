"""What the operator knows of the market: whether a session is on, and whether a Broker holds positions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import structlog
from pydantic import SecretStr

from alpha_panda.domain.calendar import HorizonError, default_calendar
from alpha_panda.errors import PandaError
from alpha_panda.resources.reasons import Reason
from alpha_panda.runtime.redis import make_redis
from alpha_panda.runtime.settings import RedisSettings
from alpha_panda.runtime.store_errors import redis_store_errors
from alpha_panda_operator.decisions.observed import Trouble
from alpha_panda_operator.objects.model import Surroundings
from alpha_panda_operator.stores import Stores


class _Summary(msgspec.Struct):
    open_positions: int


class _Read(msgspec.Struct):
    data: _Summary


class Market:
    """Asks the session table and the read model."""

    def __init__(self, stores: Stores) -> None:
        """Connect to nothing yet."""
        self._stores = stores
        self._log = structlog.get_logger()

    def is_open(self) -> bool | None:
        """Whether a session is on; None where the table says nothing about today."""
        try:
            return default_calendar().session_at(datetime.now(UTC)) is not None
        except HorizonError as error:
            self._log.warning("nobody knows whether the market is open", reason=str(error), remedy=error.remedy)
            return None

    def is_closed(self) -> bool:
        """Whether surely no session is on."""
        return self.is_open() is False

    def closed(self, around: Surroundings, feed_trouble: str = "") -> Trouble | None:
        """Why nothing can be entered; a replay and a made-up market have their own hours."""
        if feed_trouble:
            return Trouble(reason=Reason.INVALID, message=f"the feed stands still: {feed_trouble}")
        source = around.feed.get("source", "none")
        if source == "none":
            return Trouble(reason=Reason.NOT_YET, message="the feed publishes nothing yet")
        if source in ("replay", "synthetic") or self.is_open():
            return None
        return Trouble(reason=Reason.MARKET_CLOSED, message="no session is on")

    async def is_flat(self, brokers: Sequence[str]) -> bool | None:
        """Whether none of the Brokers holds a position; None where one of them cannot tell."""
        try:
            counts = [await self._open_positions(broker) for broker in brokers]
        except (PandaError, msgspec.MsgspecError) as error:
            self._log.warning("nobody knows whether positions are open", reason=str(error))
            return None
        return None if None in counts else not any(counts)

    async def _open_positions(self, broker: str) -> int | None:
        installation, administrator = self._stores.installation, self._stores.secrets.redis
        settings = RedisSettings(
            host=installation.redis.host,
            port=installation.redis.port,
            username=administrator.username,
            password=SecretStr(administrator.password.get_secret_value()),
            tls=installation.redis.tls,
            authority=self._stores.authority if installation.redis.tls else None,
        )
        client = make_redis(settings)
        try:
            with redis_store_errors():
                text = await client.get(f"{broker}:portfolio:summary")
        finally:
            await client.aclose()
        return msgspec.json.decode(text, type=_Read).data.open_positions if text is not None else None
