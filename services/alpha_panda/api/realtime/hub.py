"""The hub of what happens: each message is encoded once, kept for a while, and given to every listener.

Messages come from the API's own view of `control.*` and from `realtime.observer`, which looks into the stores; they
go to `/api/v1/events` and to the dashboard's pages. A listener that does not keep up is let go: it comes back with the
id of its last message and gets what it missed, or is told to read everything anew.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from fastapi.sse import format_sse_event

KEPT: Final = 2000
"""Messages that a listener who comes back can still get."""
_WAITING: Final = 500
"""Messages that may wait for one listener."""
RESET: Final = "reset"
"""Kind of the message that says: something was missed, read everything anew."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened: its kind, what it is about, and itself on the wire of server-sent events."""

    id: str
    kind: str
    broker: str | None
    data: Any
    wire: bytes


class Listener:
    """One who listens; `messages` ends when it was let go."""

    def __init__(self, kinds: frozenset[str] | None, broker: str | None) -> None:
        """Without kinds or a Broker, everything."""
        self._kinds = kinds
        self._broker = broker
        self._queue: asyncio.Queue[Message] = asyncio.Queue(_WAITING)
        self.slow = False

    def offer(self, message: Message) -> None:
        """Give it a message that it asked for; one that does not keep up is marked."""
        if self.slow or not self.wants(message):
            return
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.slow = True

    def hears(self, *kinds: str) -> bool:
        """Whether it asked for one of these kinds."""
        return self._kinds is None or not self._kinds.isdisjoint(kinds)

    def wants(self, message: Message) -> bool:
        """Whether it asked for messages like this."""
        if message.kind == RESET:
            return True
        about = self._broker is None or message.broker in (None, self._broker)
        return about and (self._kinds is None or message.kind in self._kinds)

    def clear(self) -> None:
        """Forget what waits: it is dealt with."""
        while not self._queue.empty():
            self._queue.get_nowait()

    async def next(self, seconds: float) -> Message | None:
        """The next message, or None where none came in time."""
        try:
            return await asyncio.wait_for(self._queue.get(), seconds)
        except TimeoutError:
            return None

    async def waiting(self, seconds: float) -> list[Message]:
        """All that waits, as soon as there is something; nothing where none came in time."""
        first = await self.next(seconds)
        if first is None:
            return []
        found = [first]
        while not self._queue.empty():
            found.append(self._queue.get_nowait())
        return found


class Hub:
    """Gives messages to listeners."""

    def __init__(self) -> None:
        """Ids begin with a word of this process, so that those of another one are not taken for its own."""
        self._life = secrets.token_hex(4)
        self._count = 0
        self._kept: deque[Message] = deque(maxlen=KEPT)
        self._listeners: set[Listener] = set()

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def is_wanted(self, *kinds: str) -> bool:
        """Whether anybody listens for one of these; what nobody wants to hear nobody needs to look for."""
        return any(each.hears(*kinds) for each in self._listeners)

    def publish(self, kind: str, data: Any, broker: str | None = None) -> Message:  # noqa: ANN401 - what JSON takes
        """Tell everybody."""
        self._count += 1
        identity = f"{self._life}-{self._count}"
        text = msgspec.json.encode(data).decode()
        wire = format_sse_event(data_str=text, event=kind, id=identity)
        message = Message(id=identity, kind=kind, broker=broker, data=data, wire=wire)
        self._kept.append(message)
        for listener in self._listeners:
            listener.offer(message)
        return message

    @contextmanager
    def listen(
        self, last: str | None = None, kinds: frozenset[str] | None = None, broker: str | None = None
    ) -> Iterator[Listener]:
        """Listen for the length of the block, from after the message `last` on where it is still known."""
        listener = Listener(kinds, broker)
        for message in self._since(last):
            listener.offer(message)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def stream(self, listener: Listener, seconds: float) -> AsyncIterator[bytes]:
        """What a listener is told, on the wire; a comment where nothing happened for so many seconds.

        What came together goes out together: a look tells of a hundred rows, and to send costs more than to tell.
        """
        while not listener.slow:
            told = await listener.waiting(seconds)
            yield b"".join(each.wire for each in told) or b": nothing new\n\n"

    def _since(self, last: str | None) -> list[Message]:
        if last is None:
            return []
        life, _, count = last.partition("-")
        first = self._count - len(self._kept)
        if life != self._life or not count.isdigit() or not first <= int(count) <= self._count:
            identity = f"{self._life}-{self._count}"
            wire = format_sse_event(data_str="{}", event=RESET, id=identity)
            return [Message(id=identity, kind=RESET, broker=None, data={}, wire=wire)]
        return list(self._kept)[int(count) - first :]
