"""Whatever trades: charges add up and never shrink, phases fill the day, the next session is later."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from alpha_panda.domain.calendar import HorizonError, Session, default_calendar, trading_date
from alpha_panda.domain.charge_rates import Rates, add, rupee_rounding, subtract
from alpha_panda.domain.charges import NoChargesError, charges_table
from alpha_panda.domain.instrument import Exchange, Instrument
from alpha_panda.domain.intraday import flatten_at, refuse_entry_now, square_off_at
from alpha_panda.domain.market_rules import Market, Phase, TickKind
from alpha_panda.domain.phases import continuous, market_of, phase_at, windows
from alpha_panda.domain.price_bands import price_band
from alpha_panda.domain.settlement import is_settlement_day, settlement_date
from alpha_panda.domain.tick_sizes import tick_size_paise
from alpha_panda.events.orders import Charges, ChargeSegment
from alpha_panda.events.signals import Product, Side

CALENDAR = default_calendar()
COMPONENTS = Charges.__struct_fields__
DAYS = st.dates(CALENDAR.first, CALENDAR.last)
MOMENTS = st.datetimes(datetime(2015, 1, 1, 6), datetime(2026, 12, 30, 6), timezones=st.just(UTC))  # noqa: DTZ001 — zone is drawn
TURNOVERS = st.integers(0, 10**12)
SESSIONS = st.sampled_from(list(CALENDAR))
SHARES = st.sampled_from(
    [
        Instrument(token=1, exchange=Exchange.NSE, symbol="A", tick_size_paise=5, derivatives=derivatives)
        for derivatives in (True, False, None)
    ]
)


@st.composite
def rates(draw: st.DrawFn) -> Rates:
    """The rates of any order that the table knows."""
    table = charges_table()
    where = draw(st.sampled_from(table.days)), draw(st.sampled_from(Exchange)), draw(st.sampled_from(ChargeSegment))
    try:
        return table.segment_rates(*where, draw(st.sampled_from(Side)))
    except NoChargesError:
        reject()


@given(rates(), TURNOVERS)
def test_no_charge_is_ever_negative(rates: Rates, turnover: int) -> None:
    assert all(getattr(rates.of(turnover), name) >= 0 for name in COMPONENTS)


@given(rates(), TURNOVERS, TURNOVERS)
def test_no_charge_ever_falls_when_more_is_traded(rates: Rates, one: int, other: int) -> None:
    less, more = rates.of(min(one, other)), rates.of(max(one, other))
    assert all(getattr(less, name) <= getattr(more, name) for name in COMPONENTS)


@given(rates(), st.lists(st.integers(1, 10**9), min_size=1, max_size=12))
def test_the_charges_of_partial_fills_sum_to_those_of_the_order_however_it_is_split(
    rates: Rates, parts: list[int]
) -> None:
    booked: list[Charges] = []
    for turnover in itertools.accumulate(parts):
        booked.append(subtract(rates.of(turnover), reduce(add, booked, Charges())))
    assert reduce(add, booked) == rates.of(sum(parts))
    assert all(getattr(charge, name) >= 0 for charge in booked for name in COMPONENTS)


@given(st.integers(0, 10**12))
def test_rounded_tax_is_whole_rupees_and_at_most_half_a_rupee_away(stt: int) -> None:
    rounding = rupee_rounding(stt)
    assert (stt + rounding) % 100 == 0
    assert -50 < rounding <= 50


@given(DAYS, st.sampled_from(Market))
def test_the_phases_of_a_day_fill_it_without_gap_or_overlap(day: date, market: Market) -> None:
    found = windows(CALENDAR, day, market)
    assert found[-1].end - found[0].begin == timedelta(days=1)
    assert trading_date(found[0].begin) == day
    assert all(each.begin < each.end for each in found)
    assert all(one.end == other.begin for one, other in itertools.pairwise(found))
    assert sum(each.phase is Phase.CONTINUOUS for each in found) == (CALENDAR.session_of(day) is not None)


@given(MOMENTS, st.sampled_from(Market))
def test_every_moment_is_in_its_phase(moment: datetime, market: Market) -> None:
    assert moment in phase_at(CALENDAR, moment, market)


@given(MOMENTS, st.sampled_from([Market.SHARES, Market.UNDERLYINGS]))
def test_shares_trade_continuously_only_inside_a_session(moment: datetime, market: Market) -> None:
    trades = phase_at(CALENDAR, moment, market).phase is Phase.CONTINUOUS
    assert not trades or CALENDAR.session_at(moment) is not None


@given(MOMENTS)
def test_the_next_session_is_always_later_and_none_lies_between(moment: datetime) -> None:
    following = CALENDAR.next_session(moment)
    assert following.open > moment
    try:
        before = CALENDAR.previous_session(following.open)
    except HorizonError:
        before = None
    assert before is None or before.open <= moment


@given(SESSIONS, SHARES)
def test_the_platform_is_always_flat_before_the_broker_acts(session: Session, share: Instrument) -> None:
    window = continuous(session, market_of(share))
    flat, square_off = flatten_at(session, share), square_off_at(session, share)
    assert window.begin < flat < square_off <= window.end


@given(MOMENTS, SHARES)
def test_what_may_be_opened_for_the_day_may_be_opened_for_longer(moment: datetime, share: Instrument) -> None:
    intraday = refuse_entry_now(CALENDAR, share, Product.MIS, moment)
    delivery = refuse_entry_now(CALENDAR, share, Product.CNC, moment)
    assert intraday is not None or delivery is None


@given(st.integers(1, 10**8), st.integers(1, 10**8), st.sampled_from(TickKind), DAYS)
def test_dearer_instruments_never_have_finer_steps(one: int, other: int, kind: TickKind, day: date) -> None:
    assert tick_size_paise(kind, min(one, other), day) <= tick_size_paise(kind, max(one, other), day)


@given(st.integers(1_000, 10**8), st.sampled_from([2, 5, 10, 20]), st.sampled_from([1, 5, 10]))
def test_a_band_holds_its_close_and_never_more_than_its_percent(close: int, percent: int, tick: int) -> None:
    on_grid = close // tick * tick
    share = Instrument(token=1, exchange=Exchange.NSE, symbol="A", tick_size_paise=tick, band_percent=percent)
    band = price_band(share, on_grid)
    assert band is not None
    assert on_grid in band
    assert (band.highest_paise - on_grid) * 100 <= on_grid * percent
    assert (on_grid - band.lowest_paise) * 100 <= on_grid * percent
    assert band.lowest_paise % tick == band.highest_paise % tick == 0


@given(st.sampled_from([each.date for each in CALENDAR if date(2026, 1, 1) <= each.date < date(2026, 12, 31)]))
def test_a_trade_settles_later_on_a_day_that_settles(traded: date) -> None:
    settles = settlement_date(CALENDAR, traded)
    assert settles > traded
    assert is_settlement_day(CALENDAR, settles)
    between = (traded + timedelta(days=n) for n in range(1, (settles - traded).days))
    assert not any(is_settlement_day(CALENDAR, day) for day in between)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_outside_its_table_the_calendar_never_guesses(day: date) -> None:
    assume(not CALENDAR.first <= day <= CALENDAR.last)
    with pytest.raises(HorizonError, match="is outside the session table"):
        windows(CALENDAR, day, Market.SHARES)
