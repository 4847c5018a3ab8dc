"""The risk limits of a Broker's account, over all its strategies. What they do is in docs/risk.md."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from alpha_panda.resources.fields import Model, Money, PositivePercent, PositiveRatio, Ratio
from alpha_panda.resources.protections import Protections

Count = Annotated[int, Field(ge=1, le=1000)]


class AccountLimits(Model):
    """Risk limits of the account, over all its strategies; an absent limit without a default does not limit."""

    max_position_value: Money | None = Field(default=None, description="Largest notional of one position, in rupees.")
    max_position_percent: PositivePercent = Field(
        default="20", description="Largest notional of one position, in percent of the equity."
    )
    max_order_value: Money | None = Field(default=None, description="Largest notional of one order, in rupees.")
    max_open_positions: Count = Field(default=5, description="Positions that may be open at once.")
    max_swing_positions: Count = Field(default=4, description="Of these, positions held over days (CNC).")
    max_intraday_positions: Count = Field(default=2, description="Of these, positions within the day (MIS).")
    max_risk_percent: PositivePercent = Field(
        default="2", description="Most that one trade may lose at its stop, in percent of the equity."
    )
    max_sector_percent: PositivePercent = Field(
        default="40",
        description="Largest notional of all positions in one sector, in percent of the equity; instruments whose "
        "sector the table does not say count as one.",
    )
    min_cash_reserve: Money = Field(default="1000", description="Cash that no entry may take, in rupees.")
    min_reward_risk: Ratio = Field(
        default="1.5",
        description="Least distance of an entry's target in multiples of its stop's, give or take a tick; an entry "
        "without a target passes.",
    )
    min_edge_multiple: PositiveRatio | None = Field(
        default=None, description="Least profit at the target in multiples of the costs of entry and exit."
    )
    max_daily_loss: Money | None = Field(
        default=None, description="Loss of a day, in rupees, at which the account only reduces."
    )
    max_daily_loss_percent: PositivePercent = Field(
        default="3", description="Loss of a day, in percent of its opening equity, at which the account only reduces."
    )
    max_weekly_loss_percent: PositivePercent = Field(
        default="6", description="Loss of a week, in percent of its opening equity, at which the account only reduces."
    )
    max_monthly_loss_percent: PositivePercent = Field(
        default="10",
        description="Loss of a month, in percent of its opening equity, at which the account only reduces.",
    )
    drawdown_percent: PositivePercent = Field(
        default="5", description="Fall from the day's highest equity, in percent, at which the account only reduces."
    )
    max_orders_per_minute: Annotated[int, Field(ge=1, le=400)] | None = Field(
        default=None, description="Orders that may be placed in any 60 seconds; the exchange's own cap is 400."
    )
    max_price_deviation_percent: PositivePercent = Field(
        default="5", description="Farthest that an entry's prices may be from the last trade, in percent of it."
    )
    max_data_age_seconds: Annotated[int, Field(ge=0, le=86_400)] = Field(
        default=120,
        description="Oldest that an instrument's last price may be, in seconds of the session, for an entry; 0: any.",
    )
    max_data_gap_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = Field(
        default=None,
        description="Longest silence of an instrument within a session, in seconds; after a longer one its entries "
        "wait as long again.",
    )
    protections: Protections = Field(
        default=Protections(), description="Pauses after trades that went badly, over all strategies."
    )
