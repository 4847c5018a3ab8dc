"""The proxy is a good connection until it is told to be a bad one, and is good again afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.chaos.tcp_proxy import TcpProxy

from alpha_panda.local.ports import HOST

PATIENCE_SECONDS = 5.0


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(1000):
        writer.write(piece)
        await writer.drain()
    writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def proxy() -> AsyncIterator[TcpProxy]:
    """A proxy before a server that sends back what it gets."""
    server = await asyncio.start_server(_echo, HOST, 0)
    made = TcpProxy(lambda: int(server.sockets[0].getsockname()[1]))
    await made.open()
    yield made
    await made.close()
    server.close()


class Caller:
    """A client of the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, text: bytes = b"hello") -> bytes:
        self._writer.write(text)
        return await asyncio.wait_for(self._reader.read(100), PATIENCE_SECONDS)

    def close(self) -> None:
        self._writer.close()


async def caller(proxy: TcpProxy) -> Caller:
    return Caller(*await asyncio.open_connection(HOST, proxy.port))


async def test_what_comes_passes_both_ways_and_is_no_disturbance(proxy: TcpProxy):
    one = await caller(proxy)
    assert await one.ask() == b"hello"
    assert proxy.disturbed == 0
    one.close()


async def test_a_slow_connection_holds_up_each_piece_there_and_back(proxy: TcpProxy):
    one = await caller(proxy)
    proxy.delay = 0.1
    begun = time.monotonic()
    assert await one.ask() == b"hello"
    assert time.monotonic() - begun >= 0.2
    assert proxy.disturbed == 2
    one.close()


async def test_a_cut_resets_what_is_open_and_lets_in_nobody(proxy: TcpProxy):
    one = await caller(proxy)
    assert await one.ask() == b"hello"
    proxy.refusing = True
    proxy.cut()
    with pytest.raises(ConnectionError):
        await one.ask()
    other = await caller(proxy)
    with pytest.raises(ConnectionError):
        assert await other.ask()
    proxy.refusing = False
    healed = await caller(proxy)
    assert await healed.ask() == b"hello"
    for each in (one, other, healed):
        each.close()


async def test_a_silent_connection_answers_as_soon_as_it_is_healed(proxy: TcpProxy):
    one = await caller(proxy)
    proxy.silent = True
    asking = asyncio.create_task(one.ask())
    done, _ = await asyncio.wait({asking}, timeout=0.3)
    assert not done
    proxy.silent = False
    assert await asking == b"hello"
    one.close()
