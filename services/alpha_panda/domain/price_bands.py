"""The prices that the exchange takes of a share on a day: a fixed band around the previous close.

Shares with derivatives have none; theirs moves with the market, and only a live quote tells it.
"""

from __future__ import annotations

import math
from fractions import Fraction

import msgspec

from alpha_panda.domain.instrument import Instrument, Rounding
from alpha_panda.domain.money import rupees
from alpha_panda.domain.order_terms import Refusal


class PriceBand(msgspec.Struct, frozen=True, kw_only=True):
    """The prices that the exchange takes on a day, both included."""

    lowest_paise: int
    highest_paise: int

    def __contains__(self, price_paise: int) -> bool:
        return self.lowest_paise <= price_paise <= self.highest_paise


def price_band(instrument: Instrument, previous_close_paise: int) -> PriceBand | None:
    """The day's band around the previous close, on the grid and never wider; None where the band is not fixed."""
    if instrument.band_percent is None:
        return None
    move = previous_close_paise * Fraction(instrument.band_percent, 100)
    lowest, highest = math.ceil(previous_close_paise - move), math.floor(previous_close_paise + move)
    return PriceBand(
        lowest_paise=instrument.round_price(lowest, Rounding.UP),
        highest_paise=instrument.round_price(highest, Rounding.DOWN),
    )


def refuse_outside_band(instrument: Instrument, price_paise: int, previous_close_paise: int) -> Refusal | None:
    """Why the exchange would not take a price; None where it is inside the band, or no band is known."""
    band = price_band(instrument, previous_close_paise)
    if band is None or price_paise in band:
        return None
    lowest, highest = rupees(band.lowest_paise), rupees(band.highest_paise)
    return Refusal(
        code="price_band",
        value=rupees(price_paise),
        limit=f"{lowest} to {highest}",
        message=f"price {rupees(price_paise)} of {instrument.symbol} is outside its band, {instrument.band_percent} % "
        f"around {rupees(previous_close_paise)}: {lowest} to {highest}",
    )
