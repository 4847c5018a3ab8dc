"""How many units a signal trades: what the risk rule asks for, held down by every limit, with the one that binds.

Fixed risk: the quantity that loses a set share of the equity if the stop is hit at its price,
floor(equity x percent / |entry - stop|). The smallest limit wins; between equals the first of the list.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import msgspec


class Cap(msgspec.Struct, frozen=True, kw_only=True):
    """The most units that one rule allows. `limit` is the rule's own limit and `setting` where it is set."""

    code: str
    quantity: int
    limit: str
    setting: str


class Sized(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity in whole lots (0 where not even one lot fits) and the rule that kept it from being larger."""

    quantity: int
    binding: Cap


def fixed_risk_quantity(equity_paise: int, risk: Fraction, distance_paise: int) -> int:
    """Units that lose `risk` of the equity when the price moves by `distance_paise` (positive) against them."""
    return max(math.floor(equity_paise * risk / distance_paise), 0)


def value_quantity(value_paise: int, price_paise: int) -> int:
    """Units whose notional at this price does not exceed a value."""
    return max(value_paise // price_paise, 0)


def affordable_quantity(cash_paise: int, cost_paise: Callable[[int], int], most: int) -> int:
    """The most units, up to `most`, whose cost (growing with the quantity) the cash covers."""
    if most <= 0 or cost_paise(most) <= cash_paise:
        return max(most, 0)
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if cost_paise(middle) <= cash_paise:
            low = middle
        else:
            high = middle
    return low


def size(caps: Sequence[Cap], lot_size: int) -> Sized:
    """The largest whole number of lots within all caps, of which there must be one."""
    binding = min(caps, key=lambda cap: cap.quantity)
    return Sized(quantity=binding.quantity // lot_size * lot_size, binding=binding)
