"""Where the browser comes back to after the login: one request on this machine's loopback, then nothing more.

It must carry the state that the login page was given, so that nobody else's page can slip in a token.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from alpha_panda.errors import UnavailableError
from alpha_panda.zerodha.errors import LoginRefusedError

HOST: Final = "127.0.0.1"
_LINE: Final = 8192
_SECONDS: Final = 5.0
_TOKEN: Final = "request_token"  # noqa: S105 - a name
_DONE: Final = "Logged in. You can close this page and go back to the terminal."


class Callback:
    """Waits for the one request."""

    def __init__(self) -> None:
        """Make the state that it must carry."""
        self.state = secrets.token_urlsafe(16)
        self._token: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def params(self) -> str:
        """What the login URL says besides, so that the state comes back."""
        return urlencode({"redirect_params": urlencode({"state": self.state})})

    async def token(self, seconds: float) -> str:
        """The request token, within so many seconds.

        Raises:
            LoginRefusedError: the person did not log in by then, or Zerodha says that it failed.
        """
        try:
            return await asyncio.wait_for(asyncio.shield(self._token), seconds)
        except TimeoutError as error:
            raise LoginRefusedError(
                f"nobody came back from the login page within {seconds:.0f} s",
                remedy="log in and give the request_token of the last page's address: --request-token TOKEN",
            ) from error

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        try:
            line = await asyncio.wait_for(reader.readuntil(b"\r\n"), _SECONDS)
            status, said = self._judge(line[:_LINE].decode("ascii", "replace"))
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            status, said = "400 Bad Request", "no request"
        body = said.encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    def _judge(self, line: str) -> tuple[str, str]:
        words = line.split()
        if len(words) < 2 or words[0] != "GET":  # noqa: PLR2004 - a method and a target
            return "405 Method Not Allowed", "only the login page's redirect is taken here"
        query = parse_qs(urlsplit(words[1]).query)
        if not hmac.compare_digest(query.get("state", [""])[0].encode(), self.state.encode()):
            return "403 Forbidden", "this is not the login that was asked for"
        tokens = query.get(_TOKEN, [])
        if query.get("status", ["success"])[0] != "success" or len(tokens) != 1 or not tokens[0].isalnum():
            return "400 Bad Request", "Zerodha gave no request token: log in again"
        if not self._token.done():
            self._token.set_result(tokens[0])
        return "200 OK", _DONE


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[Callback]:
    """Take the browser's return on this port of the loopback.

    Raises:
        UnavailableError: the port is taken.
    """
    callback = Callback()
    try:
        server = await asyncio.start_server(callback.serve, HOST, port, limit=_LINE)
    except OSError as error:
        raise UnavailableError(
            f"{HOST}:{port} cannot be listened at: {error.strerror}",
            remedy="choose another port with --port (the app's redirect URL at Zerodha must name it), or give "
            "--request-token",
        ) from error
    async with server:
        yield callback
