"""Ratios against values calculated by hand."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import pytest

from alpha_panda.domain.analytics.drawdowns import Point, deepest, longest, underwater
from alpha_panda.domain.analytics.exposure import exposure
from alpha_panda.domain.analytics.returns import (
    calmar,
    daily_returns,
    growth_rate,
    monthly_returns,
    sharpe,
    sortino,
    total_return,
    volatility,
)
from alpha_panda.domain.calendar import default_calendar

START = datetime.fromisoformat("2026-06-02T10:00:00+05:30")
RETURNS = [0.01, -0.02, 0.03, 0.0]
"""Mean 0.005; squared distances from it 0.25, 6.25, 6.25 and 0.25 times 1e-4, so a sample variance of 13e-4 / 3."""


def points(*values: int) -> list[Point]:
    return [(START + timedelta(minutes=index), value) for index, value in enumerate(values)]


def test_daily_returns_are_close_over_close():
    assert daily_returns([100, 110, 99]) == pytest.approx([0.1, -0.1])
    assert daily_returns([100]) == []


def test_sharpe_is_the_mean_over_the_sample_deviation_times_the_root_of_252():
    by_hand = 0.005 / math.sqrt(13e-4 / 3) * math.sqrt(252)
    assert sharpe(RETURNS) == pytest.approx(by_hand) == pytest.approx(3.8129, abs=1e-4)
    free = sharpe(RETURNS, 0.252)
    assert free == pytest.approx((0.005 - 0.001) / math.sqrt(13e-4 / 3) * math.sqrt(252))


def test_sortino_divides_by_the_root_mean_square_of_the_losses_over_all_days():
    by_hand = 0.005 / math.sqrt(0.0004 / 4) * math.sqrt(252)
    assert sortino(RETURNS) == pytest.approx(by_hand) == pytest.approx(7.9373, abs=1e-4)


def test_volatility_is_the_yearly_sample_deviation():
    assert volatility(RETURNS) == pytest.approx(math.sqrt(13e-4 / 3 * 252))


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, 0.01, 0.01]])
def test_a_ratio_without_a_deviation_is_not_given(returns: list[float]):
    assert sharpe(returns) is None
    assert sortino(returns) is None


def test_the_growth_rate_counts_calendar_years():
    doubled = growth_rate(100, 400, date(2024, 1, 1), date(2025, 12, 31))
    assert doubled == pytest.approx(4 ** (365.25 / 731) - 1) == pytest.approx(0.9990, abs=1e-3)
    assert growth_rate(100, 110, date(2026, 1, 1), date(2026, 3, 1)) is None
    assert growth_rate(100, 0, date(2024, 1, 1), date(2025, 12, 31)) is None


def test_calmar_is_growth_over_the_deepest_drawdown():
    assert calmar(0.3, 0.1) == pytest.approx(3)
    assert calmar(None, 0.1) is None
    assert calmar(0.3, 0) is None
    assert total_return(200, 250) == 0.25


def test_months_begin_where_the_month_before_ended():
    closes = [(date(2026, 1, 30), 110), (date(2026, 2, 2), 90), (date(2026, 2, 27), 99)]
    assert monthly_returns(closes, 100) == pytest.approx({"2026-01": 0.1, "2026-02": -0.1})


def test_the_deepest_drawdown_has_its_peak_its_trough_and_its_recovery():
    series = points(100, 120, 90, 119, 121, 110)
    found = deepest(series)
    assert found is not None
    assert (found.depth, found.depth_paise) == (0.25, 30)
    assert (found.peak_at, found.trough_at, found.recovered_at) == (series[1][0], series[2][0], series[4][0])
    assert [depth for _, depth in underwater(series)] == pytest.approx([0, 0, 0.25, 1 / 120, 0, 11 / 121])


def test_a_drawdown_may_never_recover_and_a_rising_account_has_none():
    found = deepest(points(100, 50))
    assert found is not None
    assert found.recovered_at is None
    assert deepest(points(100, 100, 101)) is None


@pytest.mark.parametrize(
    ("values", "minutes"), [((1, 2, 3), 0), ((5, 3, 4, 5, 6), 3), ((5, 4, 5, 9, 8, 7), 2), ((5, 4, 4, 4), 3)]
)
def test_the_longest_drawdown_lasts_until_its_peak_is_reached_again(values: tuple[int, ...], minutes: int):
    assert longest(points(*values)) == timedelta(minutes=minutes)


def test_exposure_is_time_held_over_open_time_and_nights_do_not_count():
    calendar = default_calendar()
    first, second = (calendar.session_of(date(2026, 6, day)) for day in (2, 3))
    assert first is not None
    assert second is not None
    overnight = first.close - timedelta(minutes=75), second.open + timedelta(minutes=75)
    inside = second.open, second.open + timedelta(minutes=30)
    assert exposure([inside, overnight], [first, second]) == pytest.approx(150 / 750)
    assert exposure([], [first]) == 0
    assert exposure([], []) is None
