"""A service's login at Redis: refused it is told at once, away it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from alpha_panda.runtime.errors import AuthenticationError
from alpha_panda.runtime.redis import make_redis, require_login
from alpha_panda.runtime.settings import RedisSettings


@asynccontextmanager
async def answering(line: bytes) -> AsyncIterator[RedisSettings]:
    """A server that answers every command with the same line."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            writer.write(line)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield RedisSettings(port=port, username="api", password=SecretStr("wrong"))


async def login(settings: RedisSettings) -> None:
    async with make_redis(settings, seconds=1.0, retries=0) as redis:
        await require_login(redis, settings)


async def test_a_refused_password_names_the_store_the_user_and_the_remedy():
    async with answering(b"-WRONGPASS invalid username-password pair or user is disabled.\r\n") as settings:
        with pytest.raises(AuthenticationError) as refused:
            await login(settings)
    assert str(refused.value) == f"Redis at 127.0.0.1:{settings.port} does not accept user 'api'"
    assert "redis.password" in (refused.value.remedy or "")


async def test_who_is_logged_in_and_may_not_ping_is_let_in():
    async with answering(b"-NOPERM this user has no permissions to run the 'ping' command\r\n") as settings:
        await login(settings)


async def test_a_redis_that_is_away_may_come_back():
    async with answering(b"+PONG\r\n") as settings:
        pass
    await login(settings)
