"""Errors of PostgreSQL's and Redis' libraries as ours: what may pass, and what a person must mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from redis import exceptions as redis_errors

from alpha_panda.runtime.errors import AuthenticationError, TransientError

_POSTGRES_REFUSES = (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidAuthorizationSpecificationError)
_POSTGRES_LACKS = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)
_POSTGRES_PASSES = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.PostgresSystemError,
    OSError,
    TimeoutError,
)
_ROOM = "make room on its disk; what waits goes on by itself"
_REDIS_REFUSES = (redis_errors.AuthenticationError, redis_errors.AuthorizationError, redis_errors.NoPermissionError)
_REDIS_CANNOT_WRITE = ("MISCONF", "NOREPLICAS")
"""How Redis begins to say that its disk is full or its replicas are away; reading goes on."""
_REDIS_PASSES = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.BusyLoadingError,
    redis_errors.OutOfMemoryError,
    redis_errors.ReadOnlyError,
    OSError,
)


@contextmanager
def postgres_errors() -> Iterator[None]:
    """Translate what asyncpg raises inside.

    A table or schema that is missing may pass too: a Broker's schema is made while its events flow.
    """
    try:
        yield
    except _POSTGRES_REFUSES as error:
        raise AuthenticationError(f"PostgreSQL refused: {error}", remedy="compare the roles with the plan") from error
    except _POSTGRES_LACKS as error:
        raise TransientError(f"PostgreSQL lacks a table: {error}", remedy="apply the plan's migrations") from error
    except asyncpg.DiskFullError as error:
        raise TransientError(f"PostgreSQL has no room: {error}", remedy=_ROOM) from error
    except _POSTGRES_PASSES as error:
        said = str(error) or type(error).__name__
        raise TransientError(f"PostgreSQL does not answer: {said}", remedy="see whether it runs") from error


@contextmanager
def redis_store_errors() -> Iterator[None]:
    """Translate what the Redis client raises inside."""
    try:
        yield
    except _REDIS_REFUSES as error:
        raise AuthenticationError(f"Redis refused: {error}", remedy="compare its users with the plan") from error
    except _REDIS_PASSES as error:
        said = str(error) or type(error).__name__
        raise TransientError(f"Redis does not answer: {said}", remedy="see whether it runs") from error
    except redis_errors.ResponseError as error:
        if not str(error).startswith(_REDIS_CANNOT_WRITE):
            raise
        raise TransientError(f"Redis cannot write: {error}", remedy=_ROOM) from error
