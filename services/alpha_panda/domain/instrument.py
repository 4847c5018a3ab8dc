"""What is traded: an instrument as the exchange lists it, and its price grid.

Feeds name instruments by token, people by exchange and symbol; the instrument table joins the two.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from alpha_panda.events.market import Token

Count = Annotated[int, msgspec.Meta(ge=1)]


class Exchange(StrEnum):
    """Where an instrument is listed, in the names of feeds and brokers: NFO and BFO are NSE's and BSE's derivatives.

    Currency derivatives (CDS, BCD) are not among them: their prices are no whole paise.
    """

    NSE = "NSE"
    BSE = "BSE"
    NFO = "NFO"
    BFO = "BFO"


class Segment(StrEnum):
    """What kind of market an instrument trades on. Equity is the cash segment; an index is only watched."""

    EQUITY = "EQUITY"
    FUTURES = "FUTURES"
    OPTIONS = "OPTIONS"
    INDEX = "INDEX"

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Where such instruments are listed."""
        derivative = self in (Segment.FUTURES, Segment.OPTIONS)
        return (Exchange.NFO, Exchange.BFO) if derivative else (Exchange.NSE, Exchange.BSE)


class Rounding(StrEnum):
    """Which way a price moves to the tick grid."""

    DOWN = "down"
    UP = "up"
    NEAREST = "nearest"


class Instrument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A listed instrument. Prices are multiples of `tick_size_paise`, quantities of `lot_size`."""

    token: Token
    exchange: Exchange
    symbol: str
    segment: Segment = Segment.EQUITY
    tick_size_paise: Count
    lot_size: Count = 1
    freeze_quantity: Count | None = None
    """The largest quantity of one order at the exchange; None where it sets no such limit."""
    sector: str | None = None
    derivatives: bool | None = None
    """Of a share: whether futures or options on it are listed, which decides its timetable; None: not known."""
    band_percent: Count | None = None
    """How far the price may move from the previous close in a day; None where no fixed band is known."""

    @property
    def name(self) -> str:
        """As people write it: EXCHANGE:SYMBOL."""
        return f"{self.exchange}:{self.symbol}"

    def round_price(self, price_paise: int, rounding: Rounding) -> int:
        """The price on the tick grid, in paise; see `round_to_tick`."""
        return round_to_tick(price_paise, self.tick_size_paise, rounding)


def round_to_tick(price_paise: int, tick_size_paise: int, rounding: Rounding) -> int:
    """A multiple of the tick size next to the price, in paise; halfway, NEAREST goes up.

    Never less than one tick: nothing trades for less.

    Raises:
        ValueError: the tick size is not positive.
    """
    if tick_size_paise < 1:
        msg = f"tick size {tick_size_paise} paise; allowed: at least 1"
        raise ValueError(msg)
    match rounding:
        case Rounding.DOWN:
            ticks = price_paise // tick_size_paise
        case Rounding.UP:
            ticks = -(-price_paise // tick_size_paise)
        case Rounding.NEAREST:
            ticks = (2 * price_paise + tick_size_paise) // (2 * tick_size_paise)
    return max(ticks, 1) * tick_size_paise


def on_grid(price_paise: int, tick_size_paise: int) -> bool:
    """Whether the exchange can quote the price."""
    return price_paise % tick_size_paise == 0
