"""How many units a signal trades: what its method asks for, held down by every limit, with the one that binds.

The smallest cap wins; between equals the first of the list. All is whole numbers and exact shares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import msgspec


class Cap(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The most units that one rule allows; `setting` is where it is set.

    `limit` says the rule's own limit. Only a refusal needs it, so it is a function.
    """

    code: str
    quantity: int
    limit: Callable[[], str]
    setting: str


class Sized(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A quantity in whole lots (0 where not even one lot fits) and the rule that kept it from being larger."""

    quantity: int
    binding: Cap


def fixed_risk_quantity(equity_paise: int, risk: Fraction, distance_paise: int) -> int:
    """Units that lose `risk` of the equity when the price moves by `distance_paise` (positive) against them."""
    return max(equity_paise * risk.numerator // (risk.denominator * distance_paise), 0)


def value_quantity(value_paise: int, price_paise: int) -> int:
    """Units whose notional at this price does not exceed a value."""
    return max(value_paise // price_paise, 0)


def share_paise(equity_paise: int, share: Fraction) -> int:
    """A share of an equity in whole paise, rounded down; nothing of a debt."""
    return max(equity_paise * share.numerator // share.denominator, 0)


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
    binding = caps[0]
    for cap in caps:
        if cap.quantity < binding.quantity:
            binding = cap
    return Sized(quantity=binding.quantity // lot_size * lot_size, binding=binding)
