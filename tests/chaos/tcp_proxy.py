"""A TCP proxy that makes a good connection bad: slow, cut, or silent. It stands before a store's port.

Kafka tells its clients where it is, so its advertised port has to be this one; see `Ports.door`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from alpha_panda.local.ports import HOST

_CHUNK = 65_536
_STEP_SECONDS = 0.05


class TcpProxy:
    """Forwards what comes to its own port to `target()`, which is asked for each connection."""

    def __init__(self, target: Callable[[], int]) -> None:
        """Good until told otherwise."""
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.delay = 0.0
        """Seconds that each piece waits."""
        self.refusing = False
        """New connections are reset."""
        self.silent = False
        """Nothing passes, nobody is told."""
        self.disturbed = 0
        """Pieces that were held up and connections that were cut."""

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("the proxy was not opened")
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, HOST, 0)

    async def close(self) -> None:
        """Cut everything and listen no more."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset every connection that there is."""
        for writer in self._writers:
            self.disturbed += 1
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            self.disturbed += 1
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._target())
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, far_writer}
        self._writers |= pair
        ways = [asyncio.ensure_future(self._forward(*way)) for way in ((reader, far_writer), (far_reader, writer))]
        self._tasks |= set(ways)
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._tasks -= set(ways)
            self._writers -= pair
            for each in pair:
                each.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_CHUNK):
                await self._hold()
                writer.write(piece)
                await writer.drain()

    async def _hold(self) -> None:
        if self.delay or self.silent:
            self.disturbed += 1
        await asyncio.sleep(self.delay)
        while self.silent:  # noqa: ASYNC110 - whoever made it silent tells nobody
            await asyncio.sleep(_STEP_SECONDS)
