"""A gate for entries that could not even earn their costs: what a hit target brings against what the trade costs.

Off unless a multiple is set. The edge of an entry is its move to the target times its quantity; its costs
are the charges of both orders and the slippage of the entry. Pure; for the risk manager's chain.
"""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction

import msgspec

from alpha_panda.domain.charges import charges_table
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.money import rupees
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.events.signals import Product, Side

SETTING = "account.minEdgeMultiple"


class PlannedTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A sized entry and where it is to be closed."""

    instrument: Instrument
    product: Product
    side: Side
    quantity: int
    entry_paise: int
    target_paise: int | None
    slippage: Fraction
    """Of the price, given up by an entry at the market; 0 for a limit order."""
    charges_day: date

    @property
    def edge_paise(self) -> int | None:
        """Profit before costs where the target is hit; None without a target."""
        if self.target_paise is None:
            return None
        return self.side.sign * (self.target_paise - self.entry_paise) * self.quantity


def cost_paise(trade: PlannedTrade) -> int:
    """Charges of entry and exit, the exit at the target (without one at the entry's price), and the slippage.

    Raises:
        NoChargesError: no charges are known for the instrument on that day.
    """
    into_paise = trade.quantity * trade.entry_paise
    out_paise = trade.quantity * (trade.target_paise or trade.entry_paise)
    charges = 0
    for side, turnover_paise in ((trade.side, into_paise), (trade.side.opposite, out_paise)):
        rates = charges_table().rates(trade.charges_day, trade.instrument, trade.product, side)
        charges += rates.of(turnover_paise).total_paise
    return charges + math.ceil(trade.slippage * into_paise)


def refuse_below_cost(trade: PlannedTrade, least: Fraction | None) -> Refusal | None:
    """Why an entry's edge is too small: less than `least` times its costs. None lets all pass, and is the default.

    Raises:
        NoChargesError: no charges are known for the instrument on that day.
    """
    if least is None:
        return None
    cost = cost_paise(trade)
    edge = trade.edge_paise
    if edge is None:
        return Refusal(
            code="edge_unknown",
            value="no target",
            limit=f"{float(least):g} x {rupees(cost)}",
            message=f"an entry without a target has no edge to hold against its costs of {rupees(cost)} "
            f"(levels, {SETTING})",
        )
    if edge >= least * cost:
        return None
    limit = f"{float(least):g} x {rupees(cost)}"
    return Refusal(
        code="edge_below_cost",
        value=rupees(edge),
        limit=limit,
        message=f"the target brings {rupees(edge)}, the costs are {rupees(cost)}: less than {limit} ({SETTING})",
    )
