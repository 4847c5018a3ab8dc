"""Certificates of a made-up authority, and TLS before stores that speak plainly, as a proxy in a cluster does."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization

from alpha_panda.local.ports import HOST

_CHUNK = 65_536
_REQUEST = (8).to_bytes(4) + (80_877_103).to_bytes(4)
"""PostgreSQL's SSLRequest: its length and its code (PostgreSQL's manual, "Message Formats")."""

Greeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]
"""What is said before TLS; whether TLS follows."""


class Authority:
    """Signs certificates for hosts; `certificate` is the file that its friends are given."""

    def __init__(self, folder: Path) -> None:
        """A new one, which nobody knows yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self._authority = trustme.CA()
        self.certificate = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(self.certificate)

    def server(self, host: str = HOST) -> ssl.SSLContext:
        """What a server at `host` speaks TLS with."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(host).configure_cert(context)
        return context

    def keystore(self, path: Path, host: str = HOST) -> Path:
        """A file with key (PKCS #8, which Java reads) and certificates of a server at `host`."""
        issued = self._authority.issue_cert(host)
        key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), password=None).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(key + b"".join(each.bytes() for each in issued.cert_chain_pems))
        return path


async def as_postgres_greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """A client of PostgreSQL asks for TLS in the store's own protocol, and is told to go on with it."""
    if await reader.readexactly(len(_REQUEST)) != _REQUEST:
        return False
    writer.write(b"S")
    await writer.drain()
    return True


@asynccontextmanager
async def tls_before(port: int, context: ssl.SSLContext, greeting: Greeting | None = None) -> AsyncIterator[int]:
    """A port where TLS is spoken with `context`, and what comes out of it goes to `port`."""
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            if greeting is None or await greeting(reader, writer):
                await writer.start_tls(context)
                await _join(reader, writer, port)
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError):
            return  # a client that does not trust us leaves in the middle of the handshake
        finally:
            connections.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for each in tuple(connections):
            each.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    far_reader, far_writer = await asyncio.open_connection(HOST, port)
    both = {asyncio.create_task(_pass(reader, far_writer)), asyncio.create_task(_pass(far_reader, writer))}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in both:
            each.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        far_writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_CHUNK):
            writer.write(piece)
            await writer.drain()
