"""How a Strategy's signal becomes a quantity, before the limits hold it down."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from alpha_panda.resources.fields import Model, PositivePercent, PositiveRatio


class SizingMethod(StrEnum):
    """How a signal becomes a quantity."""

    FIXED_RISK = "FixedRisk"
    KELLY = "Kelly"
    VOLATILITY = "Volatility"


class Kelly(Model):
    """How much to stake by how often and how much a strategy wins; its own closed trades say so once there are enough.

    The stake is `fraction` of Kelly's, win rate - (1 - win rate) / payoff, of the equity.
    """

    fraction: PositivePercent = Field(default="25", description="Share of Kelly's stake that is taken, in percent.")
    max_percent: PositivePercent = Field(default="2", description="Largest stake, in percent of the equity.")
    win_rate_percent: PositivePercent | None = Field(
        default=None, description="Share of trades that win, until the strategy has trades enough of its own."
    )
    payoff: PositiveRatio | None = Field(
        default=None, description="Average win in multiples of the average loss, until it has trades enough of its own."
    )
    min_trades: Annotated[int, Field(ge=2, le=10_000)] = Field(
        default=30, description="Closed trades of the strategy from which on these decide."
    )


class Sizing(Model):
    """How a signal becomes a quantity."""

    method: SizingMethod = Field(
        default=SizingMethod.FIXED_RISK,
        description="FixedRisk: the quantity that loses riskPercent of the equity at the stop. Kelly: the stake is a "
        "fraction of Kelly's. Volatility: the quantity that loses riskPercent when the price moves atrMultiple ranges.",
    )
    risk_percent: PositivePercent = Field(
        default="1", description="Equity put at risk by one trade, in percent; FixedRisk and Volatility."
    )
    kelly: Kelly = Field(default=Kelly(), description="How the stake of method Kelly is found.")
    atr_multiple: PositiveRatio = Field(
        default="2", description="Move that method Volatility reckons with, in multiples of the average true range."
    )
    max_volume_percent: PositivePercent = Field(
        default="10",
        description="Largest order, in percent of what usually trades in one bar; where the strategy says that.",
    )
