"""The ticker's side of the simulator: connections, what each has subscribed to, and the loop that sends.

Ticks are the latest of each instrument, at most once per interval; order updates go out in between as text.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, Final

import msgspec
from aiohttp import WSMessage, WSMsgType, web

from alpha_panda.kite_simulator.exchange import Exchange
from alpha_panda.kite_simulator.faults import Kind
from alpha_panda.kite_simulator.frames import HEARTBEAT, MODES, frame, packet

CONNECTIONS: Final = 3
SUBSCRIPTIONS: Final = 3_000
PACKETS: Final = 500
"""In one frame at most."""
HEARTBEAT_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.02
_POOL: Final = 50
"""Packets that are held back to be shuffled."""


class Connection:
    """One client of the ticker."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        """Nothing is subscribed."""
        self.socket = socket
        self.modes: dict[int, str] = {}
        self.due: set[int] = set()
        self.texts: list[str] = []
        self.pool: list[bytes] = []
        self.sent_at = time.monotonic()


class Subscription(msgspec.Struct):
    """What a client says: `a` is subscribe, unsubscribe or mode."""

    a: str
    v: list[Any]


class Stream:
    """All connections of the ticker."""

    def __init__(self, exchange: Exchange) -> None:
        """Nobody is connected."""
        self._exchange = exchange
        self.connections: list[Connection] = []
        self._last_tick = time.monotonic()
        exchange.ticked = self.ticked

    def ticked(self, token: int) -> None:
        """An instrument traded."""
        for each in self.connections:
            if token in each.modes:
                each.due.add(token)

    def order_changed(self, order: dict[str, Any]) -> None:
        """Say an order's update to everybody, as the faults let it."""
        faults = self._exchange.faults
        if faults.on(Kind.UPDATES_LOST):
            return
        text = json.dumps({"type": "order", "data": {**order, "checksum": ""}})
        copies = 2 if faults.on(Kind.UPDATES_TWICE) else 1
        for each in self.connections:
            each.texts.extend([text] * copies)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection from its handshake to its end."""
        key, token = request.query.get("api_key", ""), request.query.get("access_token", "")
        exchange = self._exchange
        if exchange.faults.on(Kind.REFUSED) or not exchange.sessions.is_valid(key, token):
            exchange.journal.note("ticker refused")
            return web.Response(status=403, text="Forbidden")
        if len(self.connections) >= CONNECTIONS:
            return web.Response(status=429, text="Too many connections")
        socket = web.WebSocketResponse(autoping=False, max_msg_size=4 * 1024 * 1024)
        await socket.prepare(request)
        connection = Connection(socket)
        self.connections.append(connection)
        exchange.journal.note("ticker connected", connections=len(self.connections))
        try:
            async for message in socket:
                await self._heard(connection, message)
        finally:
            self.connections.remove(connection)
            exchange.journal.note("ticker left", connections=len(self.connections))
        return socket

    async def drop(self) -> None:
        """Break all connections."""
        for each in list(self.connections):
            await each.socket.close(code=1001, message=b"dropped")

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Send what is due now."""
        now = time.monotonic()
        faults = self._exchange.faults
        dead = any(fault.kind is Kind.DEAD for fault in faults.active)
        ticks = now - self._last_tick >= self._exchange.options.tick_seconds
        if ticks:
            self._last_tick = now
        packets: dict[tuple[int, str], bytes] = {}
        for each in list(self.connections):
            if dead:
                continue
            try:
                await self._send_texts(each)
                if ticks and each.due:
                    await self._send_ticks(each, packets)
                if now - each.sent_at >= HEARTBEAT_SECONDS:
                    await self._send(each, HEARTBEAT)
            except (ConnectionError, RuntimeError):
                continue  # it has gone; its own handler sees that

    async def _send_texts(self, each: Connection) -> None:
        texts, each.texts = each.texts, []
        if len(texts) > 1 and self._exchange.faults.on(Kind.UPDATES_SHUFFLED):
            self._exchange.faults.shuffle(texts)  # type: ignore[arg-type] # any list
        for text in texts:
            await each.socket.send_str(text)
            each.sent_at = time.monotonic()

    async def _send_ticks(self, each: Connection, packets: dict[tuple[int, str], bytes]) -> None:
        faults = self._exchange.faults
        if faults.on(Kind.SILENT):
            return
        due, each.due = sorted(each.due), set()
        seconds = int(self._exchange.clock.now().timestamp())
        parts = [self._packet(packets, token, each.modes[token], seconds) for token in due if token in each.modes]
        if faults.on(Kind.TICKS_SHUFFLED):
            parts = self._shuffled(each, parts)
        copies = 2 if faults.on(Kind.TICKS_TWICE) else 1
        for begin in range(0, len(parts), PACKETS):
            whole = frame(parts[begin : begin + PACKETS])
            if faults.on(Kind.TICKS_GARBLED):
                whole = whole[: len(whole) - 3]
            for _ in range(copies):
                await self._send(each, whole)

    def _packet(self, packets: dict[tuple[int, str], bytes], token: int, mode: str, seconds: int) -> bytes:
        known = packets.get((token, mode))
        if known is None:
            known = packets[token, mode] = packet(self._exchange.quotes[token], mode, seconds)
        return known

    def _shuffled(self, each: Connection, parts: list[bytes]) -> list[bytes]:
        """Packets of several intervals in disorder; the last few wait for the next."""
        pool: list[object] = [*each.pool, *parts]
        self._exchange.faults.shuffle(pool)
        held = min(_POOL, len(pool) // 2)
        each.pool = [part for part in pool[:held] if isinstance(part, bytes)]
        return [part for part in pool[held:] if isinstance(part, bytes)]

    async def _send(self, each: Connection, message: bytes) -> None:
        await each.socket.send_bytes(message)
        each.sent_at = time.monotonic()

    async def _heard(self, connection: Connection, message: WSMessage) -> None:
        if message.type is WSMsgType.PING:
            if not any(fault.kind is Kind.DEAD for fault in self._exchange.faults.active):
                await connection.socket.pong(message.data)
            return
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            return
        try:
            said = msgspec.json.decode(message.data, type=Subscription)
            self._obey(connection, said)
        except (msgspec.MsgspecError, ValueError, TypeError) as error:
            connection.texts.append(json.dumps({"type": "error", "data": f"Invalid message: {error}"}))

    def _obey(self, connection: Connection, said: Subscription) -> None:
        mode = "quote"
        tokens = said.v
        if said.a == "mode":
            mode, tokens = said.v[0], said.v[1]
            if mode not in MODES:
                raise ValueError(f"mode {mode!r}")
        known = [token for token in tokens if token in self._exchange.quotes]
        self._exchange.journal.note("ticker asked", action=said.a, mode=mode, tokens=len(known))
        if said.a == "unsubscribe":
            for token in known:
                connection.modes.pop(token, None)
                connection.due.discard(token)
            return
        if said.a not in ("subscribe", "mode"):
            raise ValueError(f"action {said.a!r}")
        for token in known:
            if token not in connection.modes and len(connection.modes) >= SUBSCRIPTIONS:
                raise ValueError(f"more than {SUBSCRIPTIONS} instruments")
            connection.modes[token] = mode
            if self._exchange.quotes[token].last_paise:
                connection.due.add(token)
