"""Whatever the market does, the indicators say what their definitions say, and nothing that cannot be."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support import indicator_formulas
from tests.support.indicator_bars import SHORT, bar_at, flat, scaled, series, values

from alpha_panda.domain.indicators import INDICATORS, Indicator, indicator
from alpha_panda.domain.indicators.about import Unit
from alpha_panda.events.market import Bar

SOME = settings(max_examples=60, deadline=None)
PERCENTAGES = ("rsi:5", "stochastic:5,3,2", "di:4", "adx:4")
BANDS = ("bollinger:5,2", "donchian:5", "keltner:5,2,4")
everything = pytest.mark.parametrize("text", SHORT)


def assert_near(made: Indicator[Any], found: Sequence[float], wanted: Sequence[Any], close: int) -> None:
    """To a billionth; of a price, since it may be a difference, to a billionth of the close."""
    for output, one, other in zip(made.about.outputs, found, wanted, strict=True):
        least = close if output.unit is Unit.PRICE else 1
        assert one == pytest.approx(float(other), rel=1e-9, abs=1e-9 * least), output.name


def test_every_indicator_is_examined_here():
    assert sorted(text.partition(":")[0] for text in SHORT) == sorted(INDICATORS)


@everything
@SOME
@given(bars=series())
def test_one_bar_at_a_time_gives_what_the_definition_gives_over_the_whole_series(text: str, bars: list[Bar]):
    made = indicator(text)
    expected = getattr(indicator_formulas, made.about.name)(bars, *made.parameters)
    for bar, value, wanted in zip(bars, values(made, bars), expected, strict=True):
        assert (value is None) == (wanted is None)
        if value is not None:
            assert_near(made, flat(value), wanted, bar.close_paise)


@everything
@SOME
@given(bars=series(), cut=st.integers(0, 60))
def test_a_restored_indicator_goes_on_to_the_last_bit_from_any_bar(text: str, bars: list[Bar], cut: int):
    kept, by_text, by_bytes = indicator(text), indicator(text), indicator(text)
    values(kept, bars[:cut])
    state = kept.snapshot()
    by_text.restore(json.loads(json.dumps(state)))
    by_bytes.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(state)))
    assert by_text.value == by_bytes.value == kept.value
    further = values(kept, bars[cut:])
    assert values(by_text, bars[cut:]) == values(by_bytes, bars[cut:]) == further
    assert by_text.snapshot() == by_bytes.snapshot() == kept.snapshot()


@everything
@SOME
@given(bars=series())
def test_an_indicator_is_undefined_exactly_until_its_warm_up(text: str, bars: list[Bar]):
    traded = [msgspec.structs.replace(bar, volume=bar.volume + 1) for bar in bars]
    made = indicator(text)
    found = [value is not None for value in values(made, traded)]
    assert found == [count >= made.warm_up for count in range(1, len(bars) + 1)]


@everything
@SOME
@given(bars=series())
def test_in_paise_of_half_the_worth_prices_double_to_the_last_bit_and_nothing_else_changes(text: str, bars: list[Bar]):
    units = [output.unit for output in indicator(text).about.outputs]
    for value, doubled in zip(values(indicator(text), bars), values(indicator(text), scaled(bars, 2)), strict=True):
        assert (value is None) == (doubled is None)
        if value is not None:
            factors = [2 if unit is Unit.PRICE else 1 for unit in units]
            assert flat(doubled) == tuple(each * factor for each, factor in zip(flat(value), factors, strict=True))


@pytest.mark.parametrize("text", [text for text in SHORT if not text.startswith("supertrend")])
@SOME
@given(bars=series(), factor=st.integers(3, 1000))
def test_the_unit_of_money_does_not_matter(text: str, bars: list[Bar], factor: int):
    one, scaled_one = indicator(text), indicator(text)
    units = [output.unit for output in one.about.outputs]
    for bar, value, other in zip(bars, values(one, bars), values(scaled_one, scaled(bars, factor)), strict=True):
        if value is not None:
            factors = [factor if unit is Unit.PRICE else 1 for unit in units]
            wanted = [each * times for each, times in zip(flat(value), factors, strict=True)]
            assert_near(one, flat(other), wanted, factor * bar.close_paise)


@pytest.mark.parametrize("text", PERCENTAGES)
@SOME
@given(bars=series())
def test_a_percentage_is_between_0_and_100(text: str, bars: list[Bar]):
    for value in values(indicator(text), bars):
        assert value is None or all(0 <= each <= 100 for each in flat(value))


@pytest.mark.parametrize("text", BANDS)
@SOME
@given(bars=series())
def test_bands_are_in_their_order(text: str, bars: list[Bar]):
    for value in values(indicator(text), bars):
        assert value is None or value.lower <= value.middle <= value.upper


@SOME
@given(bars=series())
def test_a_donchian_channel_holds_every_bar_of_its_window(bars: list[Bar]):
    for end, value in enumerate(values(indicator("donchian:5"), bars), start=1):
        for bar in bars[max(end - 5, 0) : end]:
            assert value is None or value.lower <= bar.low_paise <= bar.high_paise <= value.upper


@SOME
@given(bars=series())
def test_the_line_of_a_trend_is_on_the_other_side_of_the_close_while_it_lasts(bars: list[Bar]):
    before: Any = None
    for bar, value in zip(bars, values(indicator("supertrend:4,2"), bars), strict=True):
        if before is not None and value.direction == before.direction:
            assert value.direction * (bar.close_paise - value.line) >= 0
            assert value.line <= before.line or value.direction == 1 or bar.close_paise <= value.line
        before = value


@SOME
@given(bars=series())
def test_a_session_is_traded_on_average_between_its_extremes(bars: list[Bar]):
    session: list[Bar] = []
    for bar, value in zip(bars, values(indicator("vwap"), bars), strict=True):
        if session and session[0].start.date() != bar.start.date():
            session = []
        session.append(bar)
        assert (value is None) == (not any(each.volume for each in session))
        if value is not None:
            assert min(each.low_paise for each in session) <= value <= max(each.high_paise for each in session)


@everything
@SOME
@given(price=st.integers(1, 10**12), volume=st.integers(0, 10**15))
def test_a_market_that_does_not_move_has_no_side_and_no_width(text: str, price: int, volume: int):
    made = indicator(text)
    found = values(made, [bar_at(index, (price,) * 4, volume) for index in range(20)])
    expected = {
        "sma": (price,),
        "ema": (price,),
        "macd": (0, 0, 0),
        "roc": (0,),
        "rsi": (50,),
        "stochastic": (50, 50),
        "bollinger": (price, price, price),
        "donchian": (price, price, price),
        "keltner": (price, price, price),
        "atr": (0,),
        "supertrend": (price, -1),
        "di": (0, 0),
        "adx": (0, 0, 0),
        "vwap": (price,) if volume else (),
        "obv": (volume,),
        "volume_ratio": (1 if volume else 0,),
    }[made.about.name]
    assert found[-1] is None if expected == () else flat(found[-1]) == expected


@everything
@SOME
@given(bars=series())
def test_prices_without_trades_behind_them_leave_only_the_volume_indicators_without_an_opinion(
    text: str, bars: list[Bar]
):
    silent = [msgspec.structs.replace(bar, volume=0) for bar in bars]
    expected = {"vwap": {None}, "obv": {0}, "volume_ratio": {None, 0.0}}.get(text.partition(":")[0])
    found = values(indicator(text), silent)
    assert found == values(indicator(text), bars) if expected is None else set(found) <= expected
