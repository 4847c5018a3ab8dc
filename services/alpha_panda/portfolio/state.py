"""What the portfolio remembers: the account, the last prices, and what people want to see of the past."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.domain.account import Account
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.portfolio.postings import LedgerEntry

FILLS_REMEMBERED = 256
"""Ids kept per instrument to know a fill again; a repetition follows close on the original."""
FILLS_SHOWN = 100
EQUITY_POINTS = 1_000
"""More than two sessions of minutes."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """The last price of an instrument and its exchange time."""

    price_paise: int
    at: datetime


class StrategyTotals(msgspec.Struct, kw_only=True):
    """What one strategy has earned and cost so far."""

    realised_paise: int = 0
    charges_paise: int = 0
    fills: int = 0


class FillView(msgspec.Struct, frozen=True, kw_only=True):
    """A fill, as it is shown."""

    id: str
    at: datetime
    strategy: str
    instrument_token: int
    leg: str
    side: str
    quantity: int
    price_paise: int
    charges_paise: int
    realised_paise: int


class EquityPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The account's worth at a moment of event time."""

    at: datetime
    equity_paise: int
    realised_paise: int
    unrealised_paise: int
    charges_paise: int


class State(msgspec.Struct, kw_only=True):
    """The whole state; integers, texts and times only, so JSON keeps it exactly."""

    account: Account = msgspec.field(default_factory=Account)
    configured: bool = False
    marks: dict[int, Mark] = msgspec.field(default_factory=dict)
    strategies: dict[str, StrategyTotals] = msgspec.field(default_factory=dict)
    booked: dict[int, list[str]] = msgspec.field(default_factory=dict)
    """By instrument token: the ids of its last fills."""
    fills: list[FillView] = msgspec.field(default_factory=list)
    equity: list[EquityPoint] = msgspec.field(default_factory=list)
    ledger: list[LedgerEntry] = msgspec.field(default_factory=list)
    """Entries that nobody has drained yet."""
    watermark: datetime | None = None
    cause: tuple[str, str] | None = None
    """Id and correlation of the last fill since the last snapshot; None where there was none."""
    minute: datetime | None = None
    last: PnlSnapshot | None = None
