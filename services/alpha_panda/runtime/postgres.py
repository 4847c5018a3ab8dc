"""The one factory of PostgreSQL pools."""

from __future__ import annotations

from functools import partial
from typing import Any

import asyncpg
import structlog

from alpha_panda.runtime.errors import AGAIN, AuthenticationError, TransientError
from alpha_panda.runtime.settings import PostgresSettings
from alpha_panda.runtime.tls import tls_context

_LONGEST_STATEMENT = 500


async def make_pool(settings: PostgresSettings, *, size: int = 2) -> asyncpg.Pool[Any]:
    """Connect; raises AuthenticationError or TransientError."""
    try:
        return await asyncpg.create_pool(
            host=settings.host,
            port=settings.port,
            database=settings.database,
            user=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            ssl=tls_context(settings) or False,
            min_size=1,
            max_size=size,
            command_timeout=30,
            init=partial(_tell_of_slow, settings.slow_milliseconds / 1000),
        )
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidPasswordError) as error:
        raise AuthenticationError(
            f"PostgreSQL at {settings.host}:{settings.port} does not accept user {settings.username!r}",
            remedy=f"check postgres.username and postgres.password; {AGAIN}",
        ) from error
    except (OSError, asyncpg.PostgresError) as error:
        raise TransientError(f"PostgreSQL at {settings.host}:{settings.port} does not answer: {error}") from error


async def _tell_of_slow(seconds: float, connection: Any) -> None:  # noqa: ANN401 - asyncpg has no usable type
    """Log the statements of a connection that take longer, as text; values are never in it."""
    if not seconds:
        return
    log = structlog.get_logger()

    def tell(query: Any) -> None:  # noqa: ANN401 - as above
        if query.elapsed >= seconds:
            statement = " ".join(query.query.split())[:_LONGEST_STATEMENT]
            log.warning("slow statement", milliseconds=round(query.elapsed * 1000), statement=statement)

    connection.add_query_logger(tell)
