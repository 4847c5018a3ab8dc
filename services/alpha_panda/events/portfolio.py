"""What the account is worth, as the portfolio service marks it."""

from __future__ import annotations

import msgspec

from alpha_panda.events.market import Token
from alpha_panda.events.signals import Product


class PositionMark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An open position of one strategy; `quantity` is negative for a short."""

    strategy: str
    instrument_token: Token
    product: Product
    quantity: int
    cost_paise: int
    """Signed cost of the open lots: what was paid, negative for what a short sale brought in."""
    price_paise: int
    unrealised_paise: int


class PnlSnapshot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account at a moment of event time. Topic `pnl.snapshots`.

    `starting_cash + realised - charges == cash + cost of the open lots`, to the paisa.
    """

    starting_cash_paise: int
    cash_paise: int
    cost_paise: int
    realised_paise: int
    charges_paise: int
    unrealised_paise: int
    equity_paise: int
    stt_rounding_paise: int = 0
    """Part of the charges that no fill has: what made the tax of closed days whole rupees."""
    fills: int
    positions: tuple[PositionMark, ...]
