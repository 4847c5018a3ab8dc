"""Entries go to the continuous market only, intraday ones not shortly before its end, and only MIS may be short."""

from datetime import date

import pytest
from tests.support.market import at

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument import Exchange, Instrument, Segment
from alpha_panda.domain.intraday import flatten_at, refuse_entry_now, refuse_short, square_off_at
from alpha_panda.events.signals import Product, Side

CALENDAR = default_calendar()
OLD = date(2019, 7, 9)
AUCTION = date(2026, 8, 3)
REVISED = date(2026, 12, 7)
SHARE = Instrument(token=1, exchange=Exchange.NSE, symbol="SMALL", tick_size_paise=5, derivatives=False)
UNDERLYING = Instrument(token=2, exchange=Exchange.NSE, symbol="BIG", tick_size_paise=5, derivatives=True)
FUTURE = Instrument(token=3, exchange=Exchange.NFO, symbol="BIGFUT", segment=Segment.FUTURES, tick_size_paise=5)


def found(instrument: Instrument, product: Product, clock: str, day: date) -> str | None:
    refusal = refuse_entry_now(CALENDAR, instrument, product, at(clock, day))
    return None if refusal is None else refusal.code


@pytest.mark.parametrize(
    ("instrument", "day", "flatten", "square_off"),
    [
        (SHARE, OLD, "15:10", "15:20"),
        (SHARE, AUCTION, "15:10", "15:20"),
        (UNDERLYING, OLD, "15:10", "15:20"),
        (UNDERLYING, AUCTION, "15:05", "15:15"),
        (UNDERLYING, REVISED, "15:10", "15:20"),
        (FUTURE, OLD, "15:15", "15:25"),
        (FUTURE, AUCTION, "15:15", "15:25"),
        (FUTURE, REVISED, "15:15", "15:25"),
        (SHARE, date(2025, 10, 21), "14:25", "14:35"),
    ],
)
def test_the_platform_is_flat_before_the_broker_squares_off(
    instrument: Instrument, day: date, flatten: str, square_off: str
):
    session = CALENDAR.session_of(day)
    assert session is not None
    assert flatten_at(session, instrument) == at(flatten, day)
    assert square_off_at(session, instrument) == at(square_off, day)


@pytest.mark.parametrize(
    ("instrument", "product", "clock", "day", "expected"),
    [
        (SHARE, Product.MIS, "09:14:59", OLD, "market_phase"),
        (SHARE, Product.MIS, "09:15", OLD, None),
        (SHARE, Product.MIS, "15:09:59", OLD, None),
        (SHARE, Product.MIS, "15:10", OLD, "intraday_cutoff"),
        (SHARE, Product.CNC, "15:29:59", OLD, None),
        (SHARE, Product.CNC, "15:30", OLD, "market_phase"),
        (UNDERLYING, Product.CNC, "15:14:59", AUCTION, None),
        (UNDERLYING, Product.CNC, "15:15", AUCTION, "market_phase"),
        (UNDERLYING, Product.MIS, "15:05", AUCTION, "intraday_cutoff"),
        (FUTURE, Product.MIS, "15:14:59", AUCTION, None),
        (FUTURE, Product.MIS, "15:15", AUCTION, "intraday_cutoff"),
        (SHARE, Product.CNC, "12:00", date(2026, 8, 2), "market_phase"),
        (SHARE, Product.CNC, "12:00", date(2027, 1, 4), "market_unknown"),
    ],
)
def test_an_entry_is_refused_outside_the_continuous_market_and_late_in_the_day(
    instrument: Instrument, product: Product, clock: str, day: date, expected: str | None
):
    assert found(instrument, product, clock, day) == expected


def test_a_refusal_tells_a_trader_what_is_and_until_when():
    auction = refuse_entry_now(CALENDAR, UNDERLYING, Product.CNC, at("15:20", AUCTION))
    assert auction is not None
    assert auction.message == (
        "NSE:BIG is in closing_auction from 15:15 to 15:35 at 15:20: entries go to the continuous market only"
    )
    late = refuse_entry_now(CALENDAR, UNDERLYING, Product.MIS, at("15:06", AUCTION))
    assert late is not None
    assert "closed from 15:05 on, before the broker's own square-off at 15:15" in late.message
    unknown = refuse_entry_now(CALENDAR, SHARE, Product.CNC, at("12:00", date(2027, 1, 4)))
    assert unknown is not None
    assert "2027-01-04 is outside the session table, which covers 2015-01-01 to 2026-12-31" in unknown.message


@pytest.mark.parametrize(
    ("product", "side", "held", "quantity", "code"),
    [
        (Product.CNC, Side.SELL, 10, 10, None),
        (Product.CNC, Side.SELL, 10, 11, "short_needs_mis"),
        (Product.CNC, Side.SELL, 0, 1, "short_needs_mis"),
        (Product.CNC, Side.BUY, 0, 1, None),
        (Product.MIS, Side.SELL, 0, 1, None),
    ],
)
def test_delivery_sells_only_what_is_held(product: Product, side: Side, held: int, quantity: int, code: str | None):
    refusal = refuse_short(product, side, held, quantity)
    assert (None if refusal is None else refusal.code) == code
