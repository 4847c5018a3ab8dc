"""An account as its fills make it: cash, positions, realised profit, charges.

At every moment, to the paisa: starting cash + realised - charges == cash + the cost of all open lots.
When a session is over, its tax is made whole rupees: `stt_rounding_paise` is that part of the charges.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from alpha_panda.domain.day_taxes import DayTaxes, TaxRounding
from alpha_panda.domain.lots import Position
from alpha_panda.events.orders import OrderFilled
from alpha_panda.events.signals import Product


class Holding(msgspec.Struct, kw_only=True):
    """An open position of one strategy in one instrument and product."""

    strategy: str
    instrument_token: int
    product: Product
    position: Position = msgspec.field(default_factory=Position)


class Account(msgspec.Struct, kw_only=True):
    """The money and the positions of one Broker. `holdings` has open positions only, by `holding_key`."""

    starting_cash_paise: int = 0
    cash_paise: int = 0
    realised_paise: int = 0
    charges_paise: int = 0
    stt_rounding_paise: int = 0
    fills: int = 0
    taxes: DayTaxes = msgspec.field(default_factory=DayTaxes)
    holdings: dict[str, Holding] = msgspec.field(default_factory=dict)

    @property
    def cost_paise(self) -> int:
        """Signed cost of all open lots."""
        return sum(holding.position.cost_paise for holding in self.holdings.values())

    @property
    def imbalance_paise(self) -> int:
        """What the accounting identity is off by: zero, or money was invented or lost."""
        owned_paise = self.starting_cash_paise + self.realised_paise - self.charges_paise
        return owned_paise - self.cash_paise - self.cost_paise

    def set_starting_cash(self, paise: int) -> None:
        """Begin with this much cash; a later change pays the difference in or out."""
        self.cash_paise += paise - self.starting_cash_paise
        self.starting_cash_paise = paise

    def apply(self, fill: OrderFilled) -> int:
        """Take in a fill; return the profit that it realised, before charges. The caller drops duplicates."""
        order = fill.order
        key = holding_key(order.strategy, order.instrument_token, order.product)
        holding = self.holdings.get(key)
        if holding is None:
            holding = self.holdings[key] = Holding(
                strategy=order.strategy,
                instrument_token=order.instrument_token,
                product=order.product,
            )
        realised_paise = holding.position.apply(order.side, fill.quantity, fill.price_paise)
        if not holding.position.lots:
            del self.holdings[key]
        self.cash_paise -= order.side.sign * fill.quantity * fill.price_paise + fill.charges.total_paise
        self.realised_paise += realised_paise
        self.charges_paise += fill.charges.total_paise
        self.fills += 1
        return realised_paise

    def round_taxes(self, now: datetime) -> tuple[TaxRounding, ...]:
        """Charge what makes the tax of the days that are over by now whole rupees; return each of these charges."""
        roundings = self.taxes.round(now)
        for rounding in roundings:
            self.cash_paise -= rounding.paise
            self.charges_paise += rounding.paise
            self.stt_rounding_paise += rounding.paise
        return roundings

    def quantity(self, strategy: str, instrument_token: int, product: Product) -> int:
        """Units held there; negative when short, 0 when flat."""
        holding = self.holdings.get(holding_key(strategy, instrument_token, product))
        return 0 if holding is None else holding.position.quantity

    def equity_paise(self, marks: Mapping[int, int]) -> int:
        """Cash and the worth of the open positions at the last prices; a position without a price counts at cost."""
        return self.cash_paise + sum([_worth_paise(holding, marks) for holding in self.holdings.values()])

    def free_cash_paise(self, marks: Mapping[int, int]) -> int:
        """Cash that may back a new position.

        What short sales brought in is not one's own, and each short is backed by its full worth at the
        last price (100 % margin).
        """
        free_paise = self.cash_paise
        for holding in self.holdings.values():
            if holding.position.quantity < 0:
                free_paise += holding.position.cost_paise + _worth_paise(holding, marks)
        return free_paise


def holding_key(strategy: str, instrument_token: int, product: Product) -> str:
    """A text key, so that a snapshot is plain JSON; a strategy's name has no bar in it."""
    return f"{strategy}|{instrument_token}|{product}"


def _worth_paise(holding: Holding, marks: Mapping[int, int]) -> int:
    price_paise = marks.get(holding.instrument_token)
    position = holding.position
    return position.cost_paise if price_paise is None else position.value_paise(price_paise)
