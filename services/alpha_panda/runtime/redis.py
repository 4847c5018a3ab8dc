"""The one factory of Redis clients."""

from __future__ import annotations

from typing import Any

from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from alpha_panda.runtime.errors import AGAIN, AuthenticationError
from alpha_panda.runtime.settings import RedisSettings


def make_redis(settings: RedisSettings, *, seconds: float = 2.0, retries: int = 3) -> Redis:
    """A client that connects on first use, waits so long for an answer and tries again so often."""
    return Redis(
        host=settings.host,
        port=settings.port,
        username=settings.username,
        password=settings.password.get_secret_value() if settings.password else None,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), retries),
        decode_responses=True,
        **_transport(settings),
    )


def _transport(settings: RedisSettings) -> dict[str, Any]:
    if not settings.tls:
        return {}
    authority = str(settings.authority) if settings.authority else None
    return {"ssl": True, "ssl_ca_certs": authority, "ssl_cert_reqs": "required", "ssl_check_hostname": True}


async def require_login(redis: Redis, settings: RedisSettings) -> None:
    """Raise AuthenticationError where Redis refuses the user of `settings`, before anything is traded on it.

    A Redis that is away says nothing: who uses it copes with that, and it may come back.
    """
    try:
        await redis.ping()
    except redis_errors.AuthenticationError as error:
        raise AuthenticationError(
            f"Redis at {settings.host}:{settings.port} does not accept user {settings.username!r}",
            remedy=f"check redis.username and redis.password; {AGAIN}",
        ) from error
    except (redis_errors.RedisError, OSError, TimeoutError):
        return
