"""What one order costs beside its price, by the exact rates of its day, exchange, segment and side.

Charges belong to an order, not to a fill: a fill is charged what the order costs so far less what was
already booked, component by component, so that splitting an order never changes its total.
"""

from __future__ import annotations

import math
from fractions import Fraction

import msgspec

from alpha_panda.domain.money import PAISE_PER_RUPEE
from alpha_panda.events.orders import Charges

_SHARES = ("brokerage", "stt", "exchange", "sebi", "stamp")
"""What is a share of the turnover."""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """The exact rates of one order. Brokerage is a share of the turnover up to a most, plus a flat part."""

    brokerage: Fraction
    brokerage_most_paise: int
    brokerage_flat_paise: int = 0
    stt: Fraction
    exchange: Fraction
    sebi: Fraction
    stamp: Fraction
    gst: Fraction
    gst_on: tuple[str, ...]
    unit: int = 0
    """A common denominator of the shares. With it an order is reckoned in whole numbers, which takes a tenth of
    the time; this and what follows is made from the rest."""
    in_units: tuple[int, ...] = ()
    gst_of: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Make whole numbers of the shares, once."""
        shares: list[Fraction] = [getattr(self, name) for name in _SHARES]
        unit = math.lcm(*(share.denominator for share in shares))
        msgspec.structs.force_setattr(self, "unit", unit)
        msgspec.structs.force_setattr(self, "in_units", tuple(int(share * unit) for share in shares))
        msgspec.structs.force_setattr(self, "gst_of", tuple(_SHARES.index(name) for name in self.gst_on))

    def of(self, turnover_paise: int) -> Charges:
        """What an order of this turnover (quantity x price summed over its fills) costs, in paise.

        Raises:
            ValueError: the turnover is negative: it is a sum of fills, whose quantity and price are positive.
        """
        if turnover_paise < 0:
            msg = f"turnover {turnover_paise} paise; allowed: 0 and more"
            raise ValueError(msg)
        if turnover_paise == 0:
            return Charges()
        unit = self.unit
        exact = [share * turnover_paise for share in self.in_units]
        exact[0] = min(exact[0], self.brokerage_most_paise * unit) + self.brokerage_flat_paise * unit
        taxed = sum([exact[index] for index in self.gst_of]) * self.gst.numerator
        rounded = [(2 * each + unit) // (2 * unit) for each in exact]
        tax_unit = unit * self.gst.denominator
        return Charges(
            brokerage_paise=rounded[0],
            stt_paise=rounded[1],
            exchange_paise=rounded[2],
            sebi_paise=rounded[3],
            stamp_paise=rounded[4],
            gst_paise=(2 * taxed + tax_unit) // (2 * tax_unit),
        )


def rupee_rounding(stt_paise: int) -> int:
    """What makes a day's STT whole rupees, half a rupee and more going up: from -49 to 50 paise.

    A contract note charges STT so, once for the day; orders are charged to the paisa until then.
    """
    # Whole numbers only: books ask for it at every watermark.
    return (2 * stt_paise + PAISE_PER_RUPEE) // (2 * PAISE_PER_RUPEE) * PAISE_PER_RUPEE - stt_paise


def add(left: Charges, right: Charges) -> Charges:
    """Component by component."""
    return Charges(**{name: getattr(left, name) + getattr(right, name) for name in Charges.__struct_fields__})


def subtract(left: Charges, right: Charges) -> Charges:
    """Component by component: what is still to be booked of `left` when `right` was."""
    return Charges(**{name: getattr(left, name) - getattr(right, name) for name in Charges.__struct_fields__})
