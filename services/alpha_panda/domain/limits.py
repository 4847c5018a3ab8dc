"""What the resources allow, in the domain's terms: of the account and of each strategy on it.

Made by the risk manager from the Broker's and the Strategies' resources whenever one of them changes; read
by the checks, the sizes and the breakers. What each limit does is in docs/risk.md.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a strategy or an account; None does not limit. `where` is the setting's place in its resource."""

    where: str
    max_position_quantity: int | None = None
    max_position_value_paise: int | None = None
    max_order_value_paise: int | None = None
    max_open_positions: int | None = None
    max_orders_per_minute: int | None = None


class LossLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Losses at which the account only reduces: shares of the equity that each period opened with, and rupees."""

    day: Fraction | None = None
    day_paise: int | None = None
    week: Fraction | None = None
    month: Fraction | None = None
    drawdown: Fraction | None = None
    """Of the day's highest equity."""


class StopLossGuard(msgspec.Struct, frozen=True, kw_only=True):
    """So many stops within `lookback` bring the pause."""

    stops: int
    lookback: timedelta
    pause: timedelta
    only_instrument: bool = False


class LowProfit(msgspec.Struct, frozen=True, kw_only=True):
    """So many trades of an instrument that together earn less than `least_paise` bring the pause."""

    trades: int
    lookback: timedelta
    pause: timedelta
    least_paise: int = 0


class LosingStreak(msgspec.Struct, frozen=True, kw_only=True):
    """So many losing trades in a row bring the pause."""

    losses: int
    pause: timedelta


class ProtectionTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Pauses after trades that went badly; None does not pause."""

    cooldown: timedelta | None = None
    stop_loss_guard: StopLossGuard | None = None
    low_profit: LowProfit | None = None
    losing_streak: LosingStreak | None = None


class Method(StrEnum):
    """What a size is reckoned from."""

    FIXED_RISK = "FixedRisk"
    KELLY = "Kelly"
    VOLATILITY = "Volatility"


class KellyTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How much of Kelly's stake is taken; the given rates count until there are `min_trades` of one's own."""

    fraction: Fraction = Fraction(1, 4)
    most: Fraction = Fraction(2, 100)
    win_rate: Fraction | None = None
    payoff: Fraction | None = None
    min_trades: int = 30


class SizingTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How a strategy's signals become quantities, before limits."""

    method: Method = Method.FIXED_RISK
    risk: Fraction
    kelly: KellyTerms = KellyTerms()
    atr_multiple: Fraction = Fraction(2)
    volume: Fraction | None = None
    """Largest share of what usually trades in a bar."""


class StrategyTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What the resources say about a strategy on this Broker."""

    state: str
    """`Running`, or why it may not enter: another state, the wrong mode, not on this Broker."""
    instruments: frozenset[str]
    """EXCHANGE:SYMBOL."""
    sizing: SizingTerms
    limits: Limits
    max_daily_loss_paise: int | None = None
    protections: ProtectionTerms = ProtectionTerms()


class AccountTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What the Broker's resource says about the account; None does not limit."""

    halted: bool
    limits: Limits
    max_swing_positions: int | None = None
    max_intraday_positions: int | None = None
    position: Fraction | None = None
    """Largest share of the equity that one position is worth; likewise what one trade risks, and a sector."""
    risk: Fraction | None = None
    sector: Fraction | None = None
    reserve_paise: int = 0
    reward_risk: Fraction | None = None
    edge: Fraction | None = None
    price_deviation: Fraction | None = None
    data_age: timedelta | None = None
    data_gap: timedelta | None = None
    losses: LossLimits = LossLimits()
    protections: ProtectionTerms = ProtectionTerms()
