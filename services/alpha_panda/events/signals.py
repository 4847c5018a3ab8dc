"""What strategies want and what the risk manager said to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from alpha_panda.events.market import Paise, Timeframe, Token, Volume

Quantity = Annotated[int, msgspec.Meta(ge=1)]


class Intent(StrEnum):
    """Enter opens a position; Exit closes the strategy's own and never more."""

    ENTER = "Enter"
    EXIT = "Exit"


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How an order meets the market. SL is a stop with a limit, SL-M a stop at market."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    SL = "SL"
    SL_M = "SL-M"


class Product(StrEnum):
    """MIS is intraday, CNC is delivery."""

    MIS = "MIS"
    CNC = "CNC"


class VoteAction(StrEnum):
    """What an indicator speaks for. ABSTAIN: it is not defined yet, and its weight is not counted."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"
    ABSTAIN = "ABSTAIN"


class Vote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one indicator on the bars of one timeframe said of an entry, kept so that the entry can be explained."""

    indicator: str
    timeframe: Timeframe
    action: VoteAction
    strength: Annotated[float, msgspec.Meta(ge=0, le=1)]
    weight: Annotated[float, msgspec.Meta(ge=0, le=1)]
    """Its share of the weights of all votes, those of indicators that abstain among them."""
    value: str
    """What it saw, in words and figures for a trader."""


class SignalRaised(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A strategy's wish, before anybody sized or checked it. Topic `signals.raw`."""

    strategy: str
    instrument_token: Token
    intent: Intent
    side: Side
    product: Product
    reference_price_paise: Paise
    """The price the strategy saw when it decided."""
    order_type: OrderType = OrderType.MARKET
    limit_price_paise: Paise | None = None
    trigger_price_paise: Paise | None = None
    stop_loss_paise: Paise | None = None
    target_paise: Paise | None = None
    confidence: Annotated[int, msgspec.Meta(ge=0, le=100)] = 100
    reason: str
    expires_at: datetime
    """After this event time the signal is no longer worth acting on."""
    votes: tuple[Vote, ...] | msgspec.UnsetType = msgspec.UNSET
    """The votes by which a voting strategy decided; not there where none were counted."""
    atr_paise: Paise | None = None
    """The average true range that the strategy saw, for sizes by volatility; None where it has none."""
    bar_volume: Volume | None = None
    """Units that usually trade in one of the strategy's bars, for sizes by liquidity; None where it does not say."""


class SignalValidated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signal that may trade, with its size. Topic `signals.validated`; causation is the raw signal."""

    signal_id: str
    signal: SignalRaised
    quantity: Quantity
    binding_constraint: str
    """What kept the quantity from being larger: `risk`, `cash`, `max_position`, `position` (an exit)…"""


class Reason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the checks that a signal failed; the fields are those of `SignalRejected`."""

    code: str
    value: str
    limit: str
    message: str


class SignalRejected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signal that may not trade and why. Topic `signals.rejected`; causation is the raw signal."""

    signal_id: str
    signal: SignalRaised
    code: str
    """Stable, lower case with underscores: `market_closed`, `max_position`…"""
    value: str
    """What was found."""
    limit: str
    """What is allowed."""
    message: str
    """One sentence for a trader, with the value, the limit and the setting."""
    reasons: tuple[Reason, ...] = ()
    """All checks that failed, the first of which is the verdict's own code; empty in older events."""
