"""What the account owns and owes: positions from its trades, holdings, cash, and the margin of an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from alpha_panda.domain.instrument import Instrument, Segment
from alpha_panda.kite_simulator.orders import Order, Terms
from alpha_panda.kite_simulator.quotes import Quote, rupees
from alpha_panda.kite_simulator.refusals import ErrorType, KiteRefusal

INTRADAY_PERCENT: Final = 20
"""Margin of an intraday equity order."""
DERIVATIVE_PERCENT: Final = 15


class Position(msgspec.Struct, kw_only=True):
    """One instrument under one product; the cost of what is open is by average."""

    instrument: Instrument
    product: str
    quantity: int = 0
    cost_paise: int = 0
    """Of what is open; positive for a short one, too."""
    realised_paise: int = 0
    bought: int = 0
    bought_paise: int = 0
    sold: int = 0
    sold_paise: int = 0

    def trade(self, signed: int, price_paise: int) -> None:
        """Book a fill."""
        if signed > 0:
            self.bought, self.bought_paise = self.bought + signed, self.bought_paise + signed * price_paise
        else:
            self.sold, self.sold_paise = self.sold - signed, self.sold_paise - signed * price_paise
        closing = min(abs(signed), abs(self.quantity)) if signed * self.quantity < 0 else 0
        if closing:
            side = 1 if self.quantity > 0 else -1
            cost_paise = self.cost_paise * closing // abs(self.quantity)
            self.realised_paise += side * (closing * price_paise - cost_paise)
            self.cost_paise -= cost_paise
        self.quantity += signed
        self.cost_paise += (abs(signed) - closing) * price_paise

    def shown(self, last_paise: int) -> dict[str, Any]:
        """As `/portfolio/positions` has it."""
        side = 1 if self.quantity >= 0 else -1
        unrealised_paise = side * (abs(self.quantity) * last_paise - self.cost_paise)
        pnl = rupees(self.realised_paise + unrealised_paise)
        buy = rupees(self.bought_paise)
        sell = rupees(self.sold_paise)
        return {
            "tradingsymbol": self.instrument.symbol,
            "exchange": self.instrument.exchange.value,
            "instrument_token": self.instrument.token,
            "product": self.product,
            "quantity": self.quantity,
            "overnight_quantity": 0,
            "multiplier": 1,
            "average_price": self.cost_paise / abs(self.quantity) / 100 if self.quantity else 0,
            "close_price": 0,
            "last_price": rupees(last_paise),
            "value": sell - buy,
            "pnl": pnl,
            "m2m": pnl,
            "unrealised": rupees(unrealised_paise),
            "realised": rupees(self.realised_paise),
            "buy_quantity": self.bought,
            "buy_price": buy / self.bought if self.bought else 0,
            "buy_value": buy,
            "buy_m2m": buy,
            "sell_quantity": self.sold,
            "sell_price": sell / self.sold if self.sold else 0,
            "sell_value": sell,
            "sell_m2m": sell,
            "day_buy_quantity": self.bought,
            "day_buy_price": buy / self.bought if self.bought else 0,
            "day_buy_value": buy,
            "day_sell_quantity": self.sold,
            "day_sell_price": sell / self.sold if self.sold else 0,
            "day_sell_value": sell,
        }


class Holding(msgspec.Struct, kw_only=True):
    """Shares from earlier days."""

    instrument: Instrument
    quantity: int
    average_paise: int = 0
    sold: int = 0

    def shown(self, last_paise: int) -> dict[str, Any]:
        """As `/portfolio/holdings` has it."""
        left = self.quantity - self.sold
        return {
            "tradingsymbol": self.instrument.symbol,
            "exchange": self.instrument.exchange.value,
            "instrument_token": self.instrument.token,
            "product": "CNC",
            "price": 0,
            "quantity": left,
            "used_quantity": self.sold,
            "t1_quantity": 0,
            "realised_quantity": self.quantity,
            "opening_quantity": self.quantity,
            "collateral_quantity": 0,
            "collateral_type": "",
            "discrepancy": False,
            "average_price": rupees(self.average_paise),
            "last_price": rupees(last_paise),
            "close_price": rupees(last_paise),
            "pnl": rupees(left * (last_paise - self.average_paise)),
            "day_change": 0,
            "day_change_percentage": 0,
        }


class Portfolio:
    """The account's side of the book."""

    def __init__(self, cash_paise: int, quotes: Mapping[int, Quote]) -> None:
        """Own cash and nothing else."""
        self.cash_paise = cash_paise
        self._quotes = quotes
        self.positions: dict[tuple[int, str], Position] = {}
        self.holdings: dict[int, Holding] = {}

    def book(self, order: Order, quantity: int, price_paise: int) -> None:
        """An order of the account traded."""
        terms = order.terms
        holding = self.holdings.get(terms.instrument.token)
        if terms.product == "CNC" and terms.sign < 0 and holding is not None:
            holding.sold = min(holding.quantity, holding.sold + quantity)
        key = (terms.instrument.token, terms.product)
        position = self.positions.setdefault(key, Position(instrument=terms.instrument, product=terms.product))
        position.trade(terms.sign * quantity, price_paise)

    def require(self, terms: Terms, working: Iterable[Order]) -> None:
        """Refuse an order that the cash, or what is held, does not reach for."""
        held = self.positions.get((terms.instrument.token, terms.product))
        quantity = 0 if held is None else held.quantity
        if terms.product == "CNC" and terms.sign < 0:
            holding = self.holdings.get(terms.instrument.token)
            owned = quantity + (holding.quantity if holding else 0)
            if terms.quantity > owned:
                raise KiteRefusal(ErrorType.HOLDING, f"Insufficient stock holding. Required: {terms.quantity}.")
        needed = self.margin_paise(terms)
        available = self.available_paise(working)
        if needed > available:
            raise KiteRefusal(
                ErrorType.MARGIN,
                f"Insufficient funds. Required margin is {rupees(needed):.2f} but available margin is "
                f"{rupees(available):.2f}. Check the orderbook for open orders.",
            )

    def margin_paise(self, terms: Terms) -> int:
        """What an order blocks; what only reduces a position blocks nothing."""
        held = self.positions.get((terms.instrument.token, terms.product))
        before = 0 if held is None else held.quantity
        growth = max(0, abs(before + terms.sign * terms.quantity) - abs(before))
        if terms.product == "CNC" and terms.sign < 0:
            return 0
        price_paise = terms.price_paise or terms.trigger_paise or self._last(terms.instrument)
        return growth * price_paise * _percent(terms.instrument, terms.product) // 100

    def available_paise(self, working: Iterable[Order]) -> int:
        """Cash that is free: less positions and orders that are open, with what was won and lost."""
        blocked = sum(each.cost_paise * _percent(each.instrument, each.product) // 100 for each in self._open())
        waiting = sum(self.margin_paise(order.terms) for order in working)
        realised = sum(each.realised_paise for each in self.positions.values())
        return self.cash_paise + realised - blocked - waiting

    def margins(self, working: Iterable[Order]) -> dict[str, Any]:
        """As `/user/margins` has the equity segment."""
        free = rupees(self.available_paise(working))
        cash = rupees(self.cash_paise)
        zero = ("exposure", "option_premium", "payout", "span", "holding_sales", "turnover", "liquid_collateral")
        realised = sum(each.realised_paise for each in self.positions.values())
        return {
            "enabled": True,
            "net": free,
            "available": {
                "adhoc_margin": 0,
                "cash": cash,
                "opening_balance": cash,
                "live_balance": free,
                "collateral": 0,
                "intraday_payin": 0,
            },
            "utilised": {
                **dict.fromkeys(zero, 0),
                "debits": cash - free,
                "m2m_realised": rupees(realised),
                "m2m_unrealised": 0,
                "stock_collateral": 0,
                "delivery": 0,
            },
        }

    def shown_positions(self) -> dict[str, Any]:
        """As `/portfolio/positions` has them; all are of the day."""
        rows = [each.shown(self._last(each.instrument)) for each in self.positions.values()]
        return {"net": rows, "day": rows}

    def shown_holdings(self) -> list[dict[str, Any]]:
        """As `/portfolio/holdings` has them."""
        return [each.shown(self._last(each.instrument)) for each in self.holdings.values()]

    def _open(self) -> list[Position]:
        return [each for each in self.positions.values() if each.quantity]

    def _last(self, instrument: Instrument) -> int:
        quote = self._quotes.get(instrument.token)
        return 0 if quote is None else quote.last_paise


def _percent(instrument: Instrument, product: str) -> int:
    if instrument.segment is Segment.EQUITY:
        return INTRADAY_PERCENT if product == "MIS" else 100
    return DERIVATIVE_PERCENT if instrument.segment is Segment.FUTURES else 100
