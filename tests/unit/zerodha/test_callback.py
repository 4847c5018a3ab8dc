"""The browser's return from the login page."""

from __future__ import annotations

import asyncio

import pytest

from alpha_panda.errors import UnavailableError
from alpha_panda.zerodha.callback import HOST, Callback, listening
from alpha_panda.zerodha.errors import LoginRefusedError


async def ask(port: int, line: str) -> str:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(f"{line}\r\n\r\n".encode())
    said = await reader.read()
    writer.close()
    return said.decode()


async def served(callback: Callback) -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(callback.serve, HOST, 0)
    return server, server.sockets[0].getsockname()[1]


async def test_the_token_of_the_login_that_was_asked_for_is_taken() -> None:
    callback = Callback()
    server, port = await served(callback)
    async with server:
        said = await ask(port, f"GET /?request_token=abc123&status=success&state={callback.state} HTTP/1.1")
        assert said.startswith("HTTP/1.1 200")
        assert await callback.token(10) == "abc123"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/?request_token=abc123&status=success", "403"),
        ("/?request_token=abc123&status=success&state=another", "403"),
        ("/?request_token=abc%0d%0a&status=success&state=STATE", "400"),
        ("/?status=failed&state=STATE", "400"),
    ],
)
async def test_nobody_elses_token_is_taken(target: str, status: str) -> None:
    callback = Callback()
    server, port = await served(callback)
    async with server:
        said = await ask(port, f"GET {target.replace('STATE', callback.state)} HTTP/1.1")
        assert said.startswith(f"HTTP/1.1 {status}")
        with pytest.raises(LoginRefusedError, match="nobody came back"):
            await callback.token(0.01)


async def test_a_port_that_is_taken_is_told() -> None:
    server, port = await served(Callback())
    async with server:
        with pytest.raises(UnavailableError, match="cannot be listened at") as told:
            await listening(port).__aenter__()
        assert "--port" in str(told.value.remedy)
