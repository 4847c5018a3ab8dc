"""Steps of prices, price bands, freeze quantities and settlement days are those of their date."""

from datetime import date

import pytest

from alpha_panda.domain.calendar import HorizonError, default_calendar
from alpha_panda.domain.instrument import Exchange, Instrument, Segment
from alpha_panda.domain.market_rules import RuleUnknownError, TickKind
from alpha_panda.domain.price_bands import price_band, refuse_outside_band
from alpha_panda.domain.settlement import is_settlement_day, settlement_date
from alpha_panda.domain.tick_sizes import freeze_quantity, tick_kind, tick_size_paise

CALENDAR = default_calendar()
NOW = date(2026, 11, 20)
BANDED = Instrument(token=1, exchange=Exchange.NSE, symbol="SMALL", tick_size_paise=5, band_percent=5)


@pytest.mark.parametrize(
    ("kind", "close_paise", "day", "tick_paise"),
    [
        (TickKind.SHARES, 9_910, date(2019, 7, 9), 5),
        (TickKind.SHARES, 24_999, date(2024, 6, 9), 5),
        (TickKind.SHARES, 24_999, date(2024, 6, 10), 1),
        (TickKind.SHARES, 25_000, date(2024, 6, 10), 5),
        (TickKind.SHARES, 600_000, date(2025, 4, 14), 5),
        (TickKind.SHARES, 24_999, NOW, 1),
        (TickKind.SHARES, 25_000, NOW, 5),
        (TickKind.SHARES, 100_000, NOW, 5),
        (TickKind.SHARES, 100_005, NOW, 10),
        (TickKind.SHARES, 500_000, NOW, 10),
        (TickKind.SHARES, 1_000_000, NOW, 50),
        (TickKind.SHARES, 2_000_000, NOW, 100),
        (TickKind.SHARES, 2_000_100, NOW, 500),
        (TickKind.STOCK_FUTURES, 24_000, date(2024, 6, 10), 5),
        (TickKind.STOCK_FUTURES, 24_000, date(2024, 7, 8), 1),
        (TickKind.INDEX_FUTURES, 1_500_000, NOW, 5),
        (TickKind.INDEX_FUTURES, 2_600_000, NOW, 10),
        (TickKind.INDEX_FUTURES, 5_900_000, NOW, 20),
        (TickKind.OPTIONS, 10_000_000, NOW, 5),
    ],
)
def test_the_step_of_prices_follows_date_and_price(kind: TickKind, close_paise: int, day: date, tick_paise: int):
    assert tick_size_paise(kind, close_paise, day) == tick_paise


def test_a_step_needs_a_price_and_a_day_with_a_rule():
    with pytest.raises(ValueError, match="a close of 0 paise"):
        tick_size_paise(TickKind.SHARES, 0, NOW)
    with pytest.raises(RuleUnknownError, match="the tick size of shares of 2014-12-31 is not known"):
        tick_size_paise(TickKind.SHARES, 100, date(2014, 12, 31))


@pytest.mark.parametrize(
    ("segment", "underlying", "kind"),
    [
        (Segment.EQUITY, "INFY", TickKind.SHARES),
        (Segment.FUTURES, "INFY", TickKind.STOCK_FUTURES),
        (Segment.FUTURES, "NIFTY", TickKind.INDEX_FUTURES),
        (Segment.OPTIONS, "NIFTY", TickKind.OPTIONS),
        (Segment.INDEX, "NIFTY", None),
    ],
)
def test_each_kind_of_instrument_has_its_own_steps(segment: Segment, underlying: str, kind: TickKind | None):
    assert tick_kind(segment, underlying) is kind


def test_freeze_quantities_are_known_for_indices_since_february_2026():
    assert freeze_quantity("NIFTY", NOW) == 1800
    assert freeze_quantity("INFY", NOW) is None
    with pytest.raises(RuleUnknownError, match="only from 2026-02-01 on"):
        freeze_quantity("NIFTY", date(2026, 1, 31))


def test_a_band_lies_on_the_grid_and_is_never_wider_than_its_percent():
    band = price_band(BANDED, 10_133)
    assert band is not None
    assert (band.lowest_paise, band.highest_paise) == (9_630, 10_635)
    assert 9_630 in band
    assert 9_625 not in band


def test_a_price_outside_the_band_is_refused_with_the_band():
    refusal = refuse_outside_band(BANDED, 10_640, 10_133)
    assert refusal is not None
    assert (refusal.code, refusal.value, refusal.limit) == ("price_band", "₹106.40", "₹96.30 to ₹106.35")
    assert refuse_outside_band(BANDED, 10_635, 10_133) is None


def test_without_a_known_band_no_price_is_refused_for_it():
    free = Instrument(token=2, exchange=Exchange.NSE, symbol="BIG", tick_size_paise=5)
    assert price_band(free, 10_000) is None
    assert refuse_outside_band(free, 1, 10_000) is None


@pytest.mark.parametrize(
    ("traded", "settles"),
    [
        (date(2026, 11, 19), date(2026, 11, 20)),
        (date(2026, 11, 20), date(2026, 11, 23)),
        (date(2026, 3, 30), date(2026, 4, 2)),
        (date(2026, 4, 1), date(2026, 4, 2)),
        (date(2026, 2, 18), date(2026, 2, 20)),
        (date(2026, 2, 1), date(2026, 2, 2)),
        (date(2026, 1, 30), date(2026, 2, 2)),
    ],
)
def test_shares_settle_on_the_next_day_that_settles(traded: date, settles: date):
    assert settlement_date(CALENDAR, traded) == settles


def test_a_day_may_trade_and_not_settle():
    assert CALENDAR.session_of(date(2026, 4, 1)) is not None
    assert not is_settlement_day(CALENDAR, date(2026, 4, 1))
    assert not is_settlement_day(CALENDAR, date(2026, 2, 1))
    assert not is_settlement_day(CALENDAR, date(2026, 1, 26))
    assert is_settlement_day(CALENDAR, date(2026, 4, 2))


def test_a_settlement_that_is_not_known_is_refused():
    with pytest.raises(RuleUnknownError, match="the settlement holidays of 2025 are not known; known: 2026"):
        settlement_date(CALENDAR, date(2025, 6, 2))
    with pytest.raises(RuleUnknownError, match="the settlement of a trade on 2022-06-01 is not known: share by share"):
        settlement_date(CALENDAR, date(2022, 6, 1))
    with pytest.raises(RuleUnknownError, match="no trade can be of 2026-08-02"):
        settlement_date(CALENDAR, date(2026, 8, 2))
    with pytest.raises(HorizonError, match="2027-01-01 is outside"):
        settlement_date(CALENDAR, date(2026, 12, 31))
