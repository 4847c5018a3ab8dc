"""What one account's routes answer with."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from alpha_panda.api.models import Answer, EquityPoint, Freshness, Position, StrategyResult
from alpha_panda.api.money import Money


class Positions(Answer):
    """The open positions with their age."""

    broker: str
    freshness: Freshness
    positions: list[Position]


class Equity(Answer):
    """The equity curve with its age."""

    broker: str
    freshness: Freshness
    points: list[EquityPoint]


class RoundTrip(Answer):
    """A position from its first fill until it was flat again."""

    strategy: str
    instrument: str | None
    instrument_token: int
    side: str
    quantity: int
    entered_at: datetime
    left_at: datetime
    gross: Money
    charges: Money
    net: Money
    slippage: Money = Field(description="What the fills gave up against the price that was expected.")
    entry_reason: str
    exit_leg: str
    exit_reason: str
    signal_id: str


class Trades(Answer):
    """The closed trades, the latest first; `complete` is false where older ones were left out of the computation."""

    broker: str
    complete: bool
    trades: list[RoundTrip]


class Figures(Answer):
    """What closed trades come to, after charges; null where they do not define it."""

    trades: int
    wins: int
    losses: int
    net: Money
    charges: Money
    slippage: Money
    win_rate: float | None
    profit_factor: float | None
    expectancy_rupees: float | None
    expectancy_r: float | None
    average_held_seconds: float | None


class Analytics(Answer):
    """An account in figures, as a whole and by strategy."""

    broker: str
    complete: bool
    total: Figures
    strategies: dict[str, Figures]


class Results(Answer):
    """What each strategy made on this account, with its age."""

    broker: str
    freshness: Freshness
    strategies: list[StrategyResult]
