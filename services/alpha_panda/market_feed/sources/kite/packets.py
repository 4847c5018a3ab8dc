"""The ticker's binary frames as numbers. Pure; only what a tick needs is read.

The official client would decode every field of every packet in Python, which costs a core at a few thousand
packets a second, and would write the times as local ones; so its raw frames are taken.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from alpha_panda.errors import PandaError

SEGMENTS: Final = frozenset({1, 2, 4, 5, 9})
"""NSE, NFO, BSE, BFO and indices: prices in paise. Of currencies and commodities nothing is traded here."""
_COUNT: Final = struct.Struct(">H")
_FULL: Final = struct.Struct(">II8xI24xI12xI")
_QUOTE: Final = struct.Struct(">II8xI")
_PAIR: Final = struct.Struct(">II")
_INDEX_FULL: Final = struct.Struct(">II20xI")
UNSTATED: Final = -1
HEARTBEAT: Final = 2
"""Frames shorter than this only say that the connection lives."""


class FrameError(PandaError):
    """A frame whose lengths contradict each other: nothing of it is used."""


class Packet(NamedTuple):
    """One instrument's market as the exchange told it; times are seconds since 1970, 0 where they are not told."""

    token: int
    price_paise: int
    volume: int
    """Of the day so far; UNSTATED where the mode or the instrument has none."""
    traded_at: int
    told_at: int


def decode(frame: bytes) -> list[Packet]:
    """The packets of a frame that belong to segments in paise.

    Raises:
        FrameError: it is cut, or a packet has a length that no mode has.
    """
    size = len(frame)
    if size < HEARTBEAT:
        return []
    (count,) = _COUNT.unpack_from(frame)
    found: list[Packet] = []
    at = 2
    for _ in range(count):
        if at + 2 > size:
            raise FrameError(f"a frame of {size} bytes ends before its {count} packets")
        length = (frame[at] << 8) | frame[at + 1]
        begin, at = at + 2, at + 2 + length
        if at > size:
            raise FrameError(f"a packet of {length} bytes goes beyond its frame of {size}")
        packet = _packet(frame, begin, length)
        if packet.token & 0xFF in SEGMENTS and packet.price_paise:
            found.append(packet)
    return found


def packets_in(frame: bytes) -> int:
    """How many packets a frame says that it has."""
    return _COUNT.unpack_from(frame)[0] if len(frame) >= HEARTBEAT else 0


def _packet(frame: bytes, begin: int, length: int) -> Packet:
    if length == 184:  # noqa: PLR2004 - the protocol's lengths
        return Packet(*_FULL.unpack_from(frame, begin))
    if length == 44:  # noqa: PLR2004 - likewise
        token, price, volume = _QUOTE.unpack_from(frame, begin)
        return Packet(token, price, volume, 0, 0)
    if length == 32:  # noqa: PLR2004 - likewise
        token, price, told = _INDEX_FULL.unpack_from(frame, begin)
        return Packet(token, price, UNSTATED, 0, told)
    if length in (8, 28):
        token, price = _PAIR.unpack_from(frame, begin)
        return Packet(token, price, UNSTATED, 0, 0)
    raise FrameError(f"a packet of {length} bytes; known: 8, 28, 32, 44, 184")
