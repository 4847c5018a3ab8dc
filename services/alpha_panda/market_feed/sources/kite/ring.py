"""Between the ticker's thread and the feed's loop: frames in their order, as many as there is room for.

When the loop falls behind, the oldest frames are conflated: of each instrument only the latest packet is kept. Day
volumes are running totals, so no volume is lost; prices in between are, and they are counted.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple

from alpha_panda.market_feed.sources.kite.packets import FrameError, Packet, decode, packets_in


class Taken(NamedTuple):
    """What was waiting, the oldest first."""

    conflated: list[Packet]
    frames: list[bytes]
    overtaken: int
    """Packets that were dropped because a later one of the instrument had come."""


class Ring:
    """Room for `capacity` packets."""

    def __init__(self, capacity: int) -> None:
        """Empty."""
        self._capacity = capacity
        self._lock = threading.Lock()
        self._frames: deque[bytes] = deque()
        self._waiting = 0
        self._latest: dict[int, Packet] = {}
        self._overtaken = 0
        self.broken = 0
        """Frames that could not be read while they were conflated."""

    @property
    def waiting(self) -> int:
        """Packets that wait to be taken, conflated ones apart."""
        return self._waiting

    def put(self, frame: bytes) -> None:
        """A frame came; called on the ticker's thread."""
        with self._lock:
            self._frames.append(frame)
            self._waiting += packets_in(frame)
            while self._waiting > self._capacity and len(self._frames) > 1:
                self._conflate(self._frames.popleft())

    def take(self, most: int) -> Taken:
        """What waits, as whole frames with about `most` packets together."""
        with self._lock:
            frames: list[bytes] = []
            count = 0
            while self._frames and count < most:
                frame = self._frames.popleft()
                count += packets_in(frame)
                frames.append(frame)
            self._waiting -= count
            conflated, self._latest = list(self._latest.values()), {}
            overtaken, self._overtaken = self._overtaken, 0
            return Taken(conflated, frames, overtaken)

    def _conflate(self, frame: bytes) -> None:
        self._waiting -= packets_in(frame)
        try:
            packets = decode(frame)
        except FrameError:
            self.broken += 1
            return
        for packet in packets:
            self._overtaken += packet.token in self._latest
            self._latest[packet.token] = packet
