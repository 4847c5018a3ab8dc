"""Which column of a market data file is what, by the names in its header."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from alpha_panda.errors import InputError

TIME = ("timestamp", "datetime", "date")
OHLC = ("open", "high", "low", "close")
PRICE = ("price", "last_price", "ltp")
VOLUME = "volume"
CUMULATIVE = "volume_traded"
_LONGEST = 1_000
"""Characters of a header that a message repeats."""
WANTED = (
    "bars need timestamp (or datetime, date), open, high, low, close, volume; "
    "ticks need timestamp and price (or last_price, ltp); volume or volume_traded, symbol and exchange may be there"
)


class Kind(StrEnum):
    """What the rows of a file are."""

    BARS = "bars"
    TICKS = "ticks"


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """The columns by their index; `names` are those of the header, made regular."""

    names: tuple[str, ...]
    kind: Kind
    time: int
    prices: tuple[int, ...]
    """Open, high, low, close of bars; the one price of ticks."""
    volume: int | None
    cumulative: bool
    """Whether the volume counts from the session's start."""
    symbol: int | None
    exchange: int | None


def recognise(header: Sequence[str], file: str) -> Columns:
    """The columns of a header, whatever its case and spaces; others are left alone.

    Raises:
        InputError: columns that are needed are missing, or one is there twice.
    """
    names = tuple(_regular(name) for name in header)
    kind = Kind.BARS if all(name in names for name in OHLC) else Kind.TICKS
    time = next((name for name in TIME if name in names), None)
    price = next((name for name in PRICE if name in names), None)
    priced = OHLC if kind is Kind.BARS else (price,)
    if time is None or None in priced or (kind is Kind.BARS and VOLUME not in names):
        raise InputError(f"{file}: has the columns {_listed(names)}, which are neither bars nor ticks", remedy=WANTED)
    used = {*TIME, *OHLC, *PRICE, VOLUME, CUMULATIVE, "symbol", "exchange"}
    twice = [name for name in sorted(used) if names.count(name) > 1]
    if twice:
        raise InputError(f"{file}: has the column {twice[0]} twice", remedy="keep one of the two")
    cumulative = kind is Kind.TICKS and VOLUME not in names and CUMULATIVE in names
    return Columns(
        names=names,
        kind=kind,
        time=names.index(time),
        prices=tuple(names.index(name) for name in priced if name is not None),
        volume=_index(names, CUMULATIVE if cumulative else VOLUME),
        cumulative=cumulative,
        symbol=_index(names, "symbol"),
        exchange=_index(names, "exchange"),
    )


def _regular(name: str) -> str:
    return "_".join(name.strip().strip('"').lower().replace("-", " ").split())


def _index(names: tuple[str, ...], name: str) -> int | None:
    return names.index(name) if name in names else None


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(name or "(no name)" for name in names)
    return shown if shown.isprintable() and len(shown) <= _LONGEST else "(no text that could be names)"
