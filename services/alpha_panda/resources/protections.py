"""Protections: pauses after trades that went badly, over an account or over one strategy. Each is off unless given."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from alpha_panda.resources.fields import Model, Money

Trades = Annotated[int, Field(ge=1, le=100)]
Minutes = Annotated[int, Field(ge=1, le=10_080)]
"""At most a week."""


class StopLossGuard(Model):
    """A pause after many stops in a short time: the market is not what the strategies take it for."""

    stops: Trades = Field(description="Positions closed by their stop that bring the pause.")
    lookback_minutes: Minutes = Field(description="Minutes of market time within which they count.")
    pause_minutes: Minutes = Field(description="Minutes without entries.")
    only_instrument: bool = Field(
        default=False, description="Whether stops count and entries pause in each instrument on its own."
    )


class LowProfit(Model):
    """A pause of an instrument that does not earn."""

    trades: Trades = Field(description="Closed trades in the instrument from which on its profit is looked at.")
    lookback_minutes: Minutes = Field(description="Minutes of market time within which they count.")
    pause_minutes: Minutes = Field(description="Minutes without entries in the instrument.")
    min_profit: Money = Field(default="0", description="Profit after charges that these trades must reach, in rupees.")


class ConsecutiveLosses(Model):
    """A pause after losing trades in a row."""

    losses: Trades = Field(description="Losing trades in a row, after charges, that bring the pause.")
    pause_minutes: Minutes = Field(description="Minutes without entries.")


class Protections(Model):
    """Pauses after trades that went badly; one that is absent does not pause."""

    cooldown_minutes: Minutes | None = Field(
        default=None, description="Minutes without entries in an instrument after a position in it was closed."
    )
    stop_loss_guard: StopLossGuard | None = Field(default=None, description="A pause after many stops.")
    low_profit: LowProfit | None = Field(default=None, description="A pause of an instrument that does not earn.")
    consecutive_losses: ConsecutiveLosses | None = Field(default=None, description="A pause after losses in a row.")
