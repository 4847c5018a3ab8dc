"""What the simulator's market shows of each instrument: the last trade, the day so far, a book of five levels."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from alpha_panda.domain.instrument import Instrument
from alpha_panda.kite_simulator.clock import stamp

LEVELS = 5
BAND_PERCENT = 20
"""How far the price may move in the day; of an instrument whose own band is not known."""


class Level(msgspec.Struct, frozen=True):
    """One line of the book."""

    price_paise: int
    quantity: int
    orders: int


class Quote(msgspec.Struct, kw_only=True):
    """An instrument's market; prices are zero before the first trade."""

    instrument: Instrument
    last_paise: int = 0
    last_quantity: int = 0
    volume: int = 0
    value_paise: int = 0
    open_paise: int = 0
    high_paise: int = 0
    low_paise: int = 0
    close_paise: int = 0
    """Of the day before."""
    traded_at: datetime | None = None

    def trade(self, price_paise: int, quantity: int, moment: datetime) -> None:
        """A trade of somebody else."""
        if not self.last_paise:
            self.open_paise = self.high_paise = self.low_paise = price_paise
            self.close_paise = self.close_paise or price_paise
        self.last_paise, self.last_quantity, self.traded_at = price_paise, quantity, moment
        self.high_paise, self.low_paise = max(self.high_paise, price_paise), min(self.low_paise, price_paise)
        self.volume += quantity
        self.value_paise += price_paise * quantity

    @property
    def average_paise(self) -> int:
        """Of all trades of the day, by volume."""
        return self.value_paise // self.volume if self.volume else self.last_paise

    @property
    def circuit_paise(self) -> tuple[int, int]:
        """The lowest and the highest price that an order may name; (0, 0) while no price is known."""
        band = self.instrument.band_percent or BAND_PERCENT
        step = self.instrument.tick_size_paise
        lowest, highest = self.close_paise * (100 - band) // 100, self.close_paise * (100 + band) // 100
        return -(-lowest // step) * step, highest // step * step

    def book(self) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """Five bids from the last price down, five offers from one tick above it up."""
        if not self.last_paise:
            empty = (Level(0, 0, 0),) * LEVELS
            return empty, empty
        step, lot = self.instrument.tick_size_paise, self.instrument.lot_size
        bids = (Level(max(step, self.last_paise - step * n), lot * 100 * (n + 1), n + 1) for n in range(LEVELS))
        offers = (Level(self.last_paise + step * (n + 1), lot * 100 * (n + 1), n + 1) for n in range(LEVELS))
        return tuple(bids), tuple(offers)


def rupees(paise: int) -> float:
    """As replies write a price."""
    return paise / 100


def ohlc(quote: Quote) -> dict[str, float]:
    """The day so far."""
    return {
        "open": rupees(quote.open_paise),
        "high": rupees(quote.high_paise),
        "low": rupees(quote.low_paise),
        "close": rupees(quote.close_paise),
    }


def short_quote(quote: Quote, *, with_ohlc: bool) -> dict[str, Any]:
    """The reply of `/quote/ltp`, or that of `/quote/ohlc`."""
    said: dict[str, Any] = {"instrument_token": quote.instrument.token, "last_price": rupees(quote.last_paise)}
    return {**said, "ohlc": ohlc(quote)} if with_ohlc else said


def full_quote(quote: Quote, now: datetime) -> dict[str, Any]:
    """The reply of `/quote`."""
    bids, offers = quote.book()
    lowest, highest = quote.circuit_paise
    return {
        **short_quote(quote, with_ohlc=True),
        "timestamp": stamp(now),
        "last_trade_time": stamp(quote.traded_at),
        "last_quantity": quote.last_quantity,
        "buy_quantity": sum(each.quantity for each in bids),
        "sell_quantity": sum(each.quantity for each in offers),
        "volume": quote.volume,
        "average_price": rupees(quote.average_paise),
        "oi": 0,
        "oi_day_high": 0,
        "oi_day_low": 0,
        "net_change": 0,
        "lower_circuit_limit": rupees(lowest),
        "upper_circuit_limit": rupees(highest),
        "depth": {"buy": _levels(bids), "sell": _levels(offers)},
    }


def _levels(levels: tuple[Level, ...]) -> list[dict[str, object]]:
    return [{"price": rupees(each.price_paise), "quantity": each.quantity, "orders": each.orders} for each in levels]
