"""What one order costs beside its price, by the exact rates of its day, exchange, segment and side.

Charges belong to an order, not to a fill: a fill is charged what the order costs so far less what was
already booked, component by component, so that splitting an order never changes its total.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from alpha_panda.domain.money import PAISE_PER_RUPEE, half_up
from alpha_panda.events.orders import Charges


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
        exact = {
            "brokerage": self.brokerage_flat_paise
            + min(self.brokerage * turnover_paise, Fraction(self.brokerage_most_paise)),
            "stt": self.stt * turnover_paise,
            "exchange": self.exchange * turnover_paise,
            "sebi": self.sebi * turnover_paise,
            "stamp": self.stamp * turnover_paise,
        }
        return Charges(
            brokerage_paise=half_up(exact["brokerage"]),
            stt_paise=half_up(exact["stt"]),
            exchange_paise=half_up(exact["exchange"]),
            sebi_paise=half_up(exact["sebi"]),
            stamp_paise=half_up(exact["stamp"]),
            gst_paise=half_up(self.gst * sum((exact[name] for name in self.gst_on), Fraction(0))),
        )


def rupee_rounding(stt_paise: int) -> int:
    """What makes a day's STT whole rupees, half a rupee and more going up: from -49 to 50 paise.

    A contract note charges STT so, once for the day; orders are charged to the paisa until then.
    """
    return half_up(Fraction(stt_paise, PAISE_PER_RUPEE)) * PAISE_PER_RUPEE - stt_paise


def add(left: Charges, right: Charges) -> Charges:
    """Component by component."""
    return Charges(**{name: getattr(left, name) + getattr(right, name) for name in Charges.__struct_fields__})


def subtract(left: Charges, right: Charges) -> Charges:
    """Component by component: what is still to be booked of `left` when `right` was."""
    return Charges(**{name: getattr(left, name) - getattr(right, name) for name in Charges.__struct_fields__})
