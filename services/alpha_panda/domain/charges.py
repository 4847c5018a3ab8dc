"""The dated table of charges: which rates an order of a day, an instrument, a product and a side has.

The rates, each with its source, are in `data/charges.toml`, a series for each kind of charge; a table is
what all series say on a day, and its date the last change of any of them. Nothing is charged by a rate
that nobody verified: a trade of a day, exchange or segment without one is refused, or is charged as on
the day that its Broker names.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Literal, TypeVar

import msgspec

from alpha_panda.domain.charge_rates import Rates, add, subtract
from alpha_panda.domain.instrument import Exchange, Instrument, Segment
from alpha_panda.domain.money import paise_of_rupees, percent
from alpha_panda.errors import InputError
from alpha_panda.events.orders import ChargeSegment
from alpha_panda.events.signals import Product, Side

__all__ = ["SETTING", "ChargesTable", "NoChargesError", "add", "charge_segment", "charges_table", "subtract"]

SETTING = "paper.charges.asOf"
_Percent = str
_Component = Literal["brokerage", "exchange", "sebi", "stt", "stamp"]
_CHARGED_BY = {Exchange.NSE: "NSE", Exchange.NFO: "NSE", Exchange.BSE: "BSE", Exchange.BFO: "BSE"}
"""Who takes the transaction charge of what is listed where: NFO and BFO are NSE's and BSE's derivatives."""


class NoChargesError(InputError):
    """No verified charges are known for a trade; the message names the day or exchange, what is known, the setting."""


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of any series: from when on it holds, and where its rates are from."""

    valid_from: date
    source: str


class _Fee(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Brokerage of an order: a share of its turnover up to a most, or a flat amount."""

    percent: _Percent = "0"
    most_rupees: str = "0"
    flat_rupees: str = "0"


class _Sides(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    buy: _Percent
    sell: _Percent

    def of(self, side: Side) -> _Percent:
        return self.buy if side is Side.BUY else self.sell


class _Brokerage(_Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    delivery: _Fee
    intraday: _Fee
    futures: _Fee
    options: _Fee


class _Stt(_Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    delivery: _Sides
    intraday: _Sides
    futures: _Sides
    options: _Sides
    exercise: _Percent


class _ExchangeRates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one exchange; None where no rate was verified."""

    cash: _Percent | None = None
    futures: _Percent | None = None
    options: _Percent | None = None

    def of(self, segment: ChargeSegment) -> _Percent | None:
        cash = segment in (ChargeSegment.DELIVERY, ChargeSegment.INTRADAY)
        return self.cash if cash else self.futures if segment is ChargeSegment.FUTURES else self.options


class _Exchange(_Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rates: dict[str, _ExchangeRates]


class _Sebi(_Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    percent: _Percent


class _Stamp(_Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    delivery: _Percent
    intraday: _Percent
    futures: _Percent
    options: _Percent


class _Gst(_Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    percent: _Percent
    of: tuple[_Component, ...]


class _Series(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole data file."""

    brokerage: tuple[_Brokerage, ...]
    stt: tuple[_Stt, ...]
    exchange: tuple[_Exchange, ...]
    sebi: tuple[_Sebi, ...]
    stamp: tuple[_Stamp, ...]
    gst: tuple[_Gst, ...]

    def all(self) -> tuple[Sequence[_Row], ...]:
        return self.brokerage, self.stt, self.exchange, self.sebi, self.stamp, self.gst


RowType = TypeVar("RowType", bound=_Row)


class ChargesTable:
    """All series; `day` names the table of a trading day, `rates` reads it."""

    def __init__(self, series: _Series) -> None:
        """Take series whose rows are in order of their dates."""
        self._series = series
        first = max(rows[0].valid_from for rows in series.all())
        starts = {row.valid_from for rows in series.all() for row in rows}
        self.days = tuple(sorted(day for day in starts if day >= first))
        """The first day of each table: whenever any rate changed."""
        self._rates: dict[tuple[date, Exchange, ChargeSegment, Side], Rates] = {}

    def day(self, traded_on: date, as_of: date | None = None) -> date:
        """The date of the table (its first day) for a trade on `traded_on`, or as on `as_of` where that is given.

        Raises:
            NoChargesError: the day lies before the first table.
        """
        wanted = as_of or traded_on
        known = [day for day in self.days if day <= wanted]
        if known:
            return known[-1]
        first = self.days[0]
        said = f"{SETTING} {wanted}" if as_of is not None else f"a trade on {wanted}"
        raise NoChargesError(
            f"no charges are known for {said}: the table begins on {first}",
            remedy=f"set {SETTING} of the Broker to a day from {first} on, to charge every trade as on that day",
        )

    def rates(self, valid_from: date, instrument: Instrument, product: Product, side: Side) -> Rates:
        """The rates of an order in the table that begins on `valid_from`, which `day` gave.

        Raises:
            NoChargesError: the table has no such exchange or segment, or the instrument is an index.
        """
        return self.segment_rates(valid_from, instrument.exchange, charge_segment(instrument, product), side)

    def segment_rates(self, valid_from: date, exchange: Exchange, segment: ChargeSegment, side: Side) -> Rates:
        """The rates of a segment at an exchange; raises as `rates`."""
        key = (valid_from, exchange, segment, side)
        found = self._rates.get(key)
        if found is None:
            found = self._rates[key] = self._read(*key)
        return found

    def exercise_rate(self, valid_from: date) -> Fraction:
        """STT of a bought option that is exercised, of its intrinsic value."""
        return percent(_in_force(self._series.stt, valid_from).exercise)

    def sources(self, valid_from: date) -> dict[str, str]:
        """Where the rates of a table are from, by kind of charge."""
        names = _Series.__struct_fields__
        return {name: _in_force(rows, valid_from).source for name, rows in zip(names, self._series.all(), strict=True)}

    def _read(self, valid_from: date, exchange: Exchange, segment: ChargeSegment, side: Side) -> Rates:
        series = self._series
        of_exchange = self._exchange_rate(valid_from, exchange, segment)
        if of_exchange is None:
            raise self._unknown(valid_from, exchange, segment)
        fee: _Fee = getattr(_in_force(series.brokerage, valid_from), segment)
        stt: _Sides = getattr(_in_force(series.stt, valid_from), segment)
        stamp: _Percent = getattr(_in_force(series.stamp, valid_from), segment)
        gst = _in_force(series.gst, valid_from)
        return Rates(
            brokerage=percent(fee.percent),
            brokerage_most_paise=paise_of_rupees(fee.most_rupees),
            brokerage_flat_paise=paise_of_rupees(fee.flat_rupees),
            stt=percent(stt.of(side)),
            exchange=percent(of_exchange),
            sebi=percent(_in_force(series.sebi, valid_from).percent),
            stamp=percent(stamp) if side is Side.BUY else Fraction(0),
            gst=percent(gst.percent),
            gst_on=gst.of,
        )

    def _exchange_rate(self, valid_from: date, exchange: Exchange, segment: ChargeSegment) -> _Percent | None:
        rates = _in_force(self._series.exchange, valid_from).rates
        return rates.get(_CHARGED_BY[exchange], _ExchangeRates()).of(segment)

    def _unknown(self, valid_from: date, exchange: Exchange, segment: ChargeSegment) -> NoChargesError:
        known = [str(day) for day in self.days if self._exchange_rate(day, exchange, segment) is not None]
        message = f"no charges are known for {segment} at {exchange} in the table of {valid_from}"
        if not known:
            return NoChargesError(message, remedy="trade an instrument and product that the table has")
        tables = ", ".join(known)
        return NoChargesError(
            f"{message}; its tables with them: {tables}",
            remedy=f"set {SETTING} of the Broker to one of these days, to charge every trade as on that day",
        )


def charge_segment(instrument: Instrument, product: Product) -> ChargeSegment:
    """How a trade in the instrument is charged.

    Raises:
        NoChargesError: it is an index, which nobody can trade.
    """
    match instrument.segment:
        case Segment.FUTURES:
            return ChargeSegment.FUTURES
        case Segment.OPTIONS:
            return ChargeSegment.OPTIONS
        case Segment.INDEX:
            raise NoChargesError(
                f"{instrument.name} is an index, which cannot be traded", remedy="trade its futures or options"
            )
        case Segment.EQUITY:
            return ChargeSegment.DELIVERY if product is Product.CNC else ChargeSegment.INTRADAY


@cache
def charges_table() -> ChargesTable:
    """The table that is shipped."""
    text = resources.files("alpha_panda.domain").joinpath("data/charges.toml").read_bytes()
    return ChargesTable(msgspec.toml.decode(text, type=_Series))


def _in_force(rows: Sequence[RowType], day: date) -> RowType:
    return next(row for row in reversed(rows) if row.valid_from <= day)
