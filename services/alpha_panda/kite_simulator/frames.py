"""The ticker's binary frames: big-endian packets of 8, 28, 32, 44 or 184 bytes under one count."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from alpha_panda.kite_simulator.quotes import LEVELS, Quote

HEARTBEAT: Final = b"\x00"
INDICES: Final = 9
"""The segment, a token's last byte, that cannot be traded."""
MODES: Final = ("ltp", "quote", "full")
_COUNT = struct.Struct(">H")
_LTP = struct.Struct(">2I")
_QUOTE = struct.Struct(">11I")
_INDEX = struct.Struct(">7I")
_MORE = struct.Struct(">5I")
_LEVEL = struct.Struct(">2IH2x")


def frame(packets: Iterable[bytes]) -> bytes:
    """One message of several packets."""
    parts = list(packets)
    return _COUNT.pack(len(parts)) + b"".join(_COUNT.pack(len(part)) + part for part in parts)


def packet(quote: Quote, mode: str, seconds: int) -> bytes:
    """An instrument's packet; `seconds` since 1970 is the exchange's time. Prices go out in paise."""
    token, last = quote.instrument.token, quote.last_paise
    if mode == "ltp":
        return _LTP.pack(token, last)
    if token & 0xFF == INDICES:
        day = (quote.high_paise, quote.low_paise, quote.open_paise, quote.close_paise)
        body = _INDEX.pack(token, last, *day, max(0, last - quote.close_paise))
        return body if mode == "quote" else body + struct.pack(">I", seconds)
    bids, offers = quote.book()
    body = _QUOTE.pack(
        token,
        last,
        quote.last_quantity,
        quote.average_paise,
        quote.volume & 0xFFFFFFFF,
        sum(each.quantity for each in bids),
        sum(each.quantity for each in offers),
        quote.open_paise,
        quote.high_paise,
        quote.low_paise,
        quote.close_paise,
    )
    if mode == "quote":
        return body
    traded = int(quote.traded_at.timestamp()) if quote.traded_at else 0
    levels = (*bids[:LEVELS], *offers[:LEVELS])
    book = b"".join(_LEVEL.pack(each.quantity, each.price_paise, each.orders) for each in levels)
    return body + _MORE.pack(traded, 0, 0, 0, seconds) + book
