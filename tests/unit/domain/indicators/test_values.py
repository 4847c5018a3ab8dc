"""Values that can be reckoned by hand."""

from typing import Any

import pytest
from tests.support.indicator_bars import bar_at, closes, values

from alpha_panda.domain.indicators import (
    Adx,
    AdxLines,
    Atr,
    Bands,
    Bollinger,
    DirectionalIndex,
    DirectionLines,
    Donchian,
    Ema,
    Keltner,
    Macd,
    MacdLines,
    Obv,
    RateOfChange,
    Rsi,
    Sma,
    Stochastic,
    StochasticLines,
    Supertrend,
    Trend,
    VolumeRatio,
    Vwap,
)

close: Any = pytest.approx


def test_a_simple_average_is_the_mean_of_its_window():
    assert values(Sma(3), closes(1, 2, 6, 10)) == [None, None, 3, 6]


def test_an_exponential_average_begins_at_the_mean_and_moves_by_its_weight():
    assert values(Ema(3), closes(1, 2, 6, 7, 3)) == [None, None, 3, 5, 4]


def test_the_rate_of_change_is_in_percent_of_the_close_at_the_beginning():
    assert values(RateOfChange(2), closes(100, 90, 110, 45)) == [None, None, close(10), -50]


def test_the_relative_strength_is_the_share_of_gains():
    # Moves +2, -1: gains average 1, losses 0.5; then +3: (1 + 3) / 2 and 0.5 / 2.
    assert values(Rsi(2), closes(10, 12, 11, 14)) == [None, None, close(200 / 3), close(100 * 2 / 2.25)]


@pytest.mark.parametrize(("prices", "value"), [((1, 2, 3), 100), ((3, 2, 1), 0), ((2, 2, 2), 50)])
def test_the_relative_strength_of_only_gains_only_losses_and_no_moves(prices: tuple[int, ...], value: float):
    assert values(Rsi(2), closes(*prices))[-1] == value


def test_both_averages_of_macd_begin_on_the_same_bar():
    # fast(2) at the third close: (3 + 6) / 2; slow(3): (3 + 3 + 6) / 3. At the fourth: 4.5 + 2/3 * 4.5, 4 + 5/2.
    found = values(Macd(2, 3, 2), closes(3, 3, 6, 9))
    assert found[:3] == [None, None, None]
    assert found[3] == MacdLines(line=close(1.0), signal=close(0.75), histogram=close(0.25))


def test_bands_are_so_many_population_deviations_away():
    # Mean 5, variance (9 + 1 + 1 + 9 - 4 * 0) / 4 = 5.
    assert values(Bollinger(4, 2), closes(2, 4, 6, 8))[-1] == Bands(close(5 + 2 * 5**0.5), 5, close(5 - 2 * 5**0.5))


def test_a_deviation_of_half_a_paisa_is_seen_at_any_price():
    top = 10**12
    assert values(Bollinger(2, 1), closes(top, top - 1))[-1] == Bands(top, top - 0.5, top - 1)


def test_a_channel_counts_this_bar_and_forgets_those_before_its_window():
    bars = [bar_at(index, (high, high, low, low)) for index, (high, low) in enumerate([(9, 8), (5, 1), (6, 4), (7, 3)])]
    assert values(Donchian(2), bars) == [None, Bands(9, 5, 1), Bands(6, 3.5, 1), Bands(7, 5, 3)]


def test_a_true_range_counts_the_gap_from_the_close_before():
    # Ranges 20 - 10 (a gap up), 14 - 11 and 20 - 12 (a gap down): 10, then (10 + 8) / 2, then (9 + 2) / 2.
    bars = [
        bar_at(0, (9, 50, 9, 10)),
        bar_at(1, (19, 20, 18, 20)),
        bar_at(2, (13, 14, 12, 13)),
        bar_at(3, (13, 14, 12, 12)),
    ]
    assert values(Atr(2), bars) == [None, None, 9, 5.5]


def test_a_keltner_channel_is_an_average_and_a_multiple_of_the_range():
    bars = [bar_at(0, (10, 10, 10, 10)), bar_at(1, (10, 14, 10, 12)), bar_at(2, (12, 14, 12, 14))]
    assert values(Keltner(2, 1.5, 2), bars)[-1] == Bands(close(13 + 4.5), close(13), close(13 - 4.5))


def test_the_sides_of_movement_are_shares_of_the_true_range():
    # Two bars up by 2 and 1 of ranges 4 and 3: (2 - 2/2 + 1) / (4 - 4/2 + 3) = 2 / 5.
    bars = [bar_at(0, (8, 10, 6, 8)), bar_at(1, (9, 12, 8, 11)), bar_at(2, (11, 13, 10, 12))]
    assert values(DirectionalIndex(2), bars) == [None, None, DirectionLines(close(40), 0)]


def test_of_movement_to_both_sides_only_the_larger_counts_and_of_a_tie_none():
    outside = [bar_at(0, (8, 10, 6, 8)), bar_at(1, (8, 13, 5, 8)), bar_at(2, (8, 14, 4, 8))]
    assert values(DirectionalIndex(2), outside)[-1] == DirectionLines(close(100 * 1.5 / 14), 0)


def test_movement_to_one_side_alone_is_a_full_trend_that_stays_while_nothing_moves():
    up = [bar_at(index, (10 + index, 12 + index, 9 + index, 11 + index)) for index in range(4)]
    still = [bar_at(index, (14, 14, 14, 14)) for index in range(4, 1000)]
    found = values(Adx(2), up + still)
    assert found[3] == AdxLines(100, close(found[3].plus), 0)
    assert found[-1] == AdxLines(100, 0, 0)


def test_the_stochastic_is_the_place_of_the_close_in_the_range():
    bars = [bar_at(0, (5, 10, 0, 5)), bar_at(1, (5, 8, 2, 8)), bar_at(2, (8, 9, 3, 3)), bar_at(3, (3, 3, 3, 3))]
    found = values(Stochastic(2, 2, 1), bars)
    # 80, 1/7 of 100, 0: means of two.
    assert found == [
        None,
        None,
        StochasticLines(close((80 + 100 / 7) / 2), close((80 + 100 / 7) / 2)),
        close_lines(50 / 7),
    ]


def close_lines(value: float) -> StochasticLines:
    return StochasticLines(close(value), close(value))


def test_a_trend_turns_where_the_close_breaks_the_band_and_its_line_never_recedes():
    prices = [(100, 100), (100, 96), (104, 100), (118, 108), (119, 109), (112, 103), (100, 90)]
    bars = [bar_at(index, (low, high, low, low)) for index, (high, low) in enumerate(prices)]
    found = values(Supertrend(1, 1), bars)
    # The line is above at first: 98 + 4, kept at 102 until a close above it; then below, and kept until a close
    # below it, on which it is not yet.
    assert found == [None, Trend(102, -1), Trend(102, -1), Trend(95, 1), Trend(103, 1), Trend(103, 1), Trend(108, -1)]


def test_the_average_price_begins_anew_with_each_session():
    bars = [
        bar_at(0, (6, 9, 3, 6), 10, each_day=2),
        bar_at(1, (12, 12, 12, 12), 30, each_day=2),
        bar_at(2, (99, 99, 99, 99), 0, each_day=2),
        bar_at(3, (50, 50, 50, 50), 1, each_day=2),
    ]
    assert values(Vwap(), bars) == [6, close(10.5), None, 50]


def test_volume_goes_with_the_close():
    bars = [
        bar_at(index, (price,) * 4, volume) for index, (price, volume) in enumerate([(5, 10), (6, 3), (6, 9), (4, 2)])
    ]
    assert values(Obv(), bars) == [10, 13, 13, 11]


def test_the_volume_ratio_is_of_a_mean_that_the_bar_is_in():
    bars = [bar_at(index, (5, 5, 5, 5), volume) for index, volume in enumerate([10, 30, 0, 0])]
    assert values(VolumeRatio(2), bars) == [None, 1.5, 0, 0]
