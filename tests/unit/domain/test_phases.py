"""A day of the market has phases by the kind of instrument, and the closing auction has its dates."""

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.support.market import at

from alpha_panda.domain.calendar import HorizonError, default_calendar
from alpha_panda.domain.instrument_table import parse_instruments
from alpha_panda.domain.market_rules import Market, Phase, RuleUnknownError, in_force, market_rules
from alpha_panda.domain.phases import continuous, market_of, phase_at, windows

CALENDAR = default_calendar()
BEFORE = date(2026, 7, 31)
AUCTION = date(2026, 8, 3)
REVISED = date(2026, 12, 7)
DIWALI = date(2025, 10, 21)


def phase(clock: str, day: date, market: Market) -> Phase:
    return phase_at(CALENDAR, at(clock, day), market).phase


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("08:59:59", Phase.CLOSED),
        ("09:00", Phase.PRE_OPEN),
        ("09:14:59", Phase.PRE_OPEN),
        ("09:15", Phase.CONTINUOUS),
        ("15:29:59", Phase.CONTINUOUS),
        ("15:30", Phase.CLOSED),
        ("15:40", Phase.POST_CLOSE),
        ("16:00", Phase.CLOSED),
    ],
)
def test_before_the_closing_auction_all_shares_trade_to_half_past_three(clock: str, expected: Phase):
    assert phase(clock, BEFORE, Market.SHARES) is expected
    assert phase(clock, BEFORE, Market.UNDERLYINGS) is expected


@pytest.mark.parametrize(
    ("clock", "day", "expected"),
    [
        ("15:14:59", AUCTION, Phase.CONTINUOUS),
        ("15:15", AUCTION, Phase.CLOSING_AUCTION),
        ("15:34:59", AUCTION, Phase.CLOSING_AUCTION),
        ("15:35", AUCTION, Phase.CLOSED),
        ("15:50", AUCTION, Phase.POST_CLOSE),
        ("16:00", AUCTION, Phase.CLOSED),
        ("15:15", date(2026, 12, 4), Phase.CLOSING_AUCTION),
        ("15:29:59", REVISED, Phase.CONTINUOUS),
        ("15:30", REVISED, Phase.CLOSING_AUCTION),
        ("15:40", REVISED, Phase.CLOSED),
    ],
)
def test_underlyings_have_a_closing_auction_from_its_dates_on(clock: str, day: date, expected: Phase):
    assert phase(clock, day, Market.UNDERLYINGS) is expected


def test_shares_without_derivatives_have_no_auction():
    assert phase("15:20", AUCTION, Market.SHARES) is Phase.CONTINUOUS
    assert phase("15:45", AUCTION, Market.SHARES) is Phase.CLOSED
    assert phase("15:55", AUCTION, Market.SHARES) is Phase.POST_CLOSE


@pytest.mark.parametrize(
    ("day", "last"), [(BEFORE, "15:30"), (AUCTION, "15:40"), (date(2026, 12, 4), "15:40"), (REVISED, "15:45")]
)
def test_derivatives_trade_on_through_the_auction_of_their_underlyings(day: date, last: str):
    session = CALENDAR.session_of(day)
    assert session is not None
    assert continuous(session, Market.DERIVATIVES).end == at(last, day)


def test_futures_have_a_pre_open_since_december_2025():
    assert phase("09:05", date(2025, 12, 5), Market.DERIVATIVES) is Phase.CLOSED
    assert phase("09:05", date(2025, 12, 8), Market.DERIVATIVES) is Phase.PRE_OPEN


def test_a_special_session_shifts_its_phases_with_it():
    assert phase("13:30", DIWALI, Market.SHARES) is Phase.PRE_OPEN
    assert phase("13:45", DIWALI, Market.UNDERLYINGS) is Phase.CONTINUOUS
    assert phase("14:45", DIWALI, Market.SHARES) is Phase.CLOSED
    assert phase("09:15", DIWALI, Market.SHARES) is Phase.CLOSED


def test_a_day_without_a_session_is_closed_from_midnight_to_midnight():
    (only,) = windows(CALENDAR, date(2026, 8, 2), Market.SHARES)
    assert only.phase is Phase.CLOSED
    assert only.end - only.begin == timedelta(days=1)


def test_outside_the_session_table_no_phase_is_assumed():
    with pytest.raises(HorizonError, match="2027-01-04 is outside the session table"):
        phase_at(CALENDAR, datetime(2027, 1, 4, 5, tzinfo=UTC), Market.SHARES)


def test_before_the_first_rule_nothing_is_assumed_either():
    with pytest.raises(RuleUnknownError, match="the freeze quantity of 2020-01-01 is not known, only from 2026-02-01"):
        in_force(market_rules().freeze_quantities, date(2020, 1, 1), "the freeze quantity")


@pytest.mark.parametrize(
    ("row", "market"),
    [
        ("1,NSE,A,EQUITY,5,1,no", Market.SHARES),
        ("1,NSE,A,EQUITY,5,1,yes", Market.UNDERLYINGS),
        ("1,NSE,A,EQUITY,5,1,", Market.UNDERLYINGS),
        ("1,NFO,A26DECFUT,FUTURES,5,50,", Market.DERIVATIVES),
        ("1,BFO,A26DEC100CE,OPTIONS,5,50,", Market.DERIVATIVES),
        ("1,NSE,NIFTY,INDEX,5,1,", Market.SHARES),
    ],
)
def test_a_share_counts_as_an_underlying_unless_the_table_says_no(row: str, market: Market):
    header = "token,exchange,symbol,segment,tick_size_paise,lot_size,derivatives\n"
    (instrument,) = parse_instruments(header + row, "mine.csv")
    assert market_of(instrument) is market


def test_every_rule_names_its_source():
    rules = market_rules()
    rows = [*rules.timetables, *rules.square_offs, *rules.tick_sizes, *rules.freeze_quantities]
    assert all(row.source for row in [*rows, *rules.settlement_cycles, *rules.settlement_holidays])
