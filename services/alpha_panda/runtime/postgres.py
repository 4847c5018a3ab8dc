"""The one factory of PostgreSQL pools."""

from __future__ import annotations

from typing import Any

import asyncpg

from alpha_panda.runtime.errors import AGAIN, AuthenticationError, TransientError
from alpha_panda.runtime.settings import PostgresSettings
from alpha_panda.runtime.tls import tls_context


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
        )
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidPasswordError) as error:
        raise AuthenticationError(
            f"PostgreSQL at {settings.host}:{settings.port} does not accept user {settings.username!r}",
            remedy=f"check postgres.username and postgres.password; {AGAIN}",
        ) from error
    except (OSError, asyncpg.PostgresError) as error:
        raise TransientError(f"PostgreSQL at {settings.host}:{settings.port} does not answer: {error}") from error
