"""A round trip as a contract note shows it: each charge of the purchase and of the sale, and what is left.

For a person who compares with the broker's note, and for the worth of a trade before it is made.
"""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction

import msgspec

from alpha_panda.domain.charge_rates import add, rupee_rounding
from alpha_panda.domain.charges import charges_table
from alpha_panda.domain.instrument import Exchange
from alpha_panda.events.orders import Charges, ChargeSegment
from alpha_panda.events.signals import Side


class RoundTrip(msgspec.Struct, frozen=True, kw_only=True):
    """What is bought and sold on one day, each as one order; a price of None: that side did not trade."""

    segment: ChargeSegment
    exchange: Exchange
    charges_day: date
    """The first day of the table, as `ChargesTable.day` gives it."""
    quantity: int
    buy_paise: int | None
    sell_paise: int | None


class ContractNote(msgspec.Struct, frozen=True, kw_only=True):
    """The charges of both sides to the paisa, and what makes the day's STT whole rupees."""

    bought: Charges
    sold: Charges
    stt_rounding_paise: int
    turnover_paise: int
    gross_paise: int | None
    """Profit before charges; None where only one side traded."""

    @property
    def charges(self) -> Charges:
        """Both sides, without the rounding."""
        return add(self.bought, self.sold)

    @property
    def total_paise(self) -> int:
        """All that the note charges."""
        return self.charges.total_paise + self.stt_rounding_paise

    @property
    def net_paise(self) -> int | None:
        """Profit after charges."""
        return None if self.gross_paise is None else self.gross_paise - self.total_paise


def contract_note(trip: RoundTrip) -> ContractNote:
    """The note of a round trip.

    Raises:
        NoChargesError: the table has no rates for it.
    """
    turnovers = {Side.BUY: trip.quantity * (trip.buy_paise or 0), Side.SELL: trip.quantity * (trip.sell_paise or 0)}
    bought, sold = (_charges(trip, side, turnover_paise) for side, turnover_paise in turnovers.items())
    both = trip.buy_paise is not None and trip.sell_paise is not None
    return ContractNote(
        bought=bought,
        sold=sold,
        stt_rounding_paise=rupee_rounding(bought.stt_paise + sold.stt_paise),
        turnover_paise=sum(turnovers.values()),
        gross_paise=turnovers[Side.SELL] - turnovers[Side.BUY] if both else None,
    )


def breakeven_paise(note: ContractNote, quantity: int) -> int:
    """How far the price must move, in whole paise a unit, until the charges are earned."""
    return math.ceil(Fraction(note.total_paise, quantity))


def _charges(trip: RoundTrip, side: Side, turnover_paise: int) -> Charges:
    return charges_table().segment_rates(trip.charges_day, trip.exchange, trip.segment, side).of(turnover_paise)
