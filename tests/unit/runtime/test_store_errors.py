"""What PostgreSQL's and Redis' libraries raise, by what is to be done about it."""

from __future__ import annotations

import asyncpg
import pytest
from redis import exceptions as redis_errors

from alpha_panda.errors import PandaError
from alpha_panda.runtime.errors import AuthenticationError, TransientError
from alpha_panda.runtime.store_errors import postgres_errors, redis_store_errors

MISCONF = "MISCONF Errors writing to the AOF file: No space left on device"


@pytest.mark.parametrize(
    ("error", "ours", "says"),
    [
        (asyncpg.DiskFullError("could not extend file"), TransientError, "PostgreSQL has no room: could not extend"),
        (asyncpg.CannotConnectNowError("starting up"), TransientError, "PostgreSQL does not answer: starting up"),
        (asyncpg.InsufficientPrivilegeError("table x"), AuthenticationError, "PostgreSQL refused: table x"),
        (asyncpg.UndefinedTableError("table x"), TransientError, "PostgreSQL lacks a table: table x"),
    ],
)
def test_postgresql_says_what_it_lacks_and_how_it_gets_it(error: Exception, ours: type[PandaError], says: str):
    with pytest.raises(ours, match=says) as raised, postgres_errors():
        raise error
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("error", "ours", "says"),
    [
        (redis_errors.ResponseError(MISCONF), TransientError, "Redis cannot write: MISCONF"),
        (redis_errors.OutOfMemoryError("used memory > maxmemory"), TransientError, "Redis does not answer: used"),
        (redis_errors.NoPermissionError("no key"), AuthenticationError, "Redis refused: no key"),
    ],
)
def test_redis_says_what_it_lacks_and_how_it_gets_it(error: Exception, ours: type[PandaError], says: str):
    with pytest.raises(ours, match=says) as raised, redis_store_errors():
        raise error
    assert raised.value.remedy


def test_a_question_that_redis_does_not_understand_is_a_fault_of_ours():
    with pytest.raises(redis_errors.ResponseError, match="unknown command"), redis_store_errors():
        raise redis_errors.ResponseError("unknown command")
