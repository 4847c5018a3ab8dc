"""What a trade costs beside its price: brokerage, taxes and fees from a dated table.

Charges belong to an order, not to a fill: a fill is charged what the order costs so far less what was
already booked, component by component, so that splitting an order never changes its total. The rates
and their source are in `data/charges.toml`; F&O is not in it yet.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from alpha_panda.domain.money import half_up, paise_of_rupees, percent
from alpha_panda.errors import InputError
from alpha_panda.events.orders import Charges
from alpha_panda.events.signals import Product, Side

SETTING = "paper.charges.asOf"
_Percent = str


class NoChargesError(InputError):
    """No verified charges are known for a trade; the message names the day or exchange, what is known, the setting."""


class _ProductRates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rates of one product as written in the data file."""

    brokerage_percent: _Percent
    brokerage_most_rupees: str
    stt_buy_percent: _Percent
    stt_sell_percent: _Percent
    stamp_buy_percent: _Percent


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One dated table as written in the data file."""

    valid_from: date
    source: str
    gst_percent: _Percent
    gst_on: tuple[Literal["brokerage", "exchange", "sebi", "stt", "stamp"], ...]
    sebi_percent: _Percent
    exchange_percent: dict[str, _Percent]
    products: dict[str, _ProductRates]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tables: tuple[_Table, ...]


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """The exact rates of one order: a day's table at an exchange, a product and a side."""

    brokerage: Fraction
    brokerage_most_paise: int
    stt: Fraction
    exchange: Fraction
    sebi: Fraction
    stamp: Fraction
    gst: Fraction
    gst_on: tuple[str, ...]

    def of(self, turnover_paise: int) -> Charges:
        """What an order of this turnover (quantity x price summed over its fills) costs, in paise."""
        exact = {
            "brokerage": min(self.brokerage * turnover_paise, Fraction(self.brokerage_most_paise)),
            "stt": self.stt * turnover_paise,
            "exchange": self.exchange * turnover_paise,
            "sebi": self.sebi * turnover_paise,
            "stamp": self.stamp * turnover_paise,
        }
        return Charges(
            brokerage_paise=half_up(exact["brokerage"]),
            stt_paise=half_up(exact["stt"]),
            exchange_paise=half_up(exact["exchange"]),
            sebi_paise=half_up(exact["sebi"]),
            stamp_paise=half_up(exact["stamp"]),
            gst_paise=half_up(self.gst * sum((exact[name] for name in self.gst_on), Fraction(0))),
        )


class ChargesTable:
    """All dated tables; `rates` finds the one of a day."""

    def __init__(self, tables: tuple[_Table, ...]) -> None:
        self._tables = sorted(tables, key=lambda table: table.valid_from)
        self._rates: dict[tuple[date, str, Product, Side], Rates] = {}

    def day(self, traded_on: date, as_of: date | None = None) -> date:
        """The date of the table (its first day) for a trade on `traded_on`, or as on `as_of` where that is given.

        Raises:
            NoChargesError: the day lies before the first table.
        """
        wanted = as_of or traded_on
        known = [table.valid_from for table in self._tables if table.valid_from <= wanted]
        if known:
            return known[-1]
        first = self._tables[0].valid_from
        said = f"{SETTING} {wanted}" if as_of is not None else f"a trade on {wanted}"
        raise NoChargesError(
            f"no charges are known for {said}: the table begins on {first}",
            remedy=f"set {SETTING} of the Broker to a day from {first} on, to charge every trade as on that day",
        )

    def rates(self, valid_from: date, exchange: str, product: Product, side: Side) -> Rates:
        """The rates in the table that begins on `valid_from`, which `day` gave.

        Raises:
            NoChargesError: the table has no such exchange or product.
        """
        key = (valid_from, exchange, product, side)
        found = self._rates.get(key)
        if found is None:
            found = self._rates[key] = self._read(*key)
        return found

    def _read(self, valid_from: date, exchange: str, product: Product, side: Side) -> Rates:
        table = next(each for each in self._tables if each.valid_from == valid_from)
        if exchange not in table.exchange_percent or product not in table.products:
            known = ", ".join(sorted(table.exchange_percent))
            products = ", ".join(sorted(table.products))
            raise NoChargesError(
                f"no charges are known for {product} at {exchange}: the table of {valid_from} has {products}; {known}",
                remedy="trade an instrument and product that the table has",
            )
        rates = table.products[product]
        buys = side is Side.BUY
        return Rates(
            brokerage=percent(rates.brokerage_percent),
            brokerage_most_paise=paise_of_rupees(rates.brokerage_most_rupees),
            stt=percent(rates.stt_buy_percent if buys else rates.stt_sell_percent),
            exchange=percent(table.exchange_percent[exchange]),
            sebi=percent(table.sebi_percent),
            stamp=percent(rates.stamp_buy_percent) if buys else Fraction(0),
            gst=percent(table.gst_percent),
            gst_on=table.gst_on,
        )


@cache
def charges_table() -> ChargesTable:
    """The table that is shipped."""
    text = resources.files("alpha_panda.domain").joinpath("data/charges.toml").read_bytes()
    return ChargesTable(msgspec.toml.decode(text, type=_File).tables)


def add(left: Charges, right: Charges) -> Charges:
    """Component by component."""
    return Charges(**{name: getattr(left, name) + getattr(right, name) for name in Charges.__struct_fields__})


def subtract(left: Charges, right: Charges) -> Charges:
    """Component by component: what is still to be booked of `left` when `right` was."""
    return Charges(**{name: getattr(left, name) - getattr(right, name) for name in Charges.__struct_fields__})
