"""Whatever the market does, a shipped strategy knows no future, and goes on after a restart as if never stopped."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.indicator_bars import series
from tests.support.strategy_bars import days, made, minutes, with_longer

from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.signals import Side
from alpha_panda.strategy import BUILT_IN, Enter, Exit, decisions, lookahead

M1, M5, M15, D1 = Timeframe.M1, Timeframe.M5, Timeframe.M15, Timeframe.D1
BOTH_WAYS = {"allowShort": True}
SEVERAL = ("breakout", "mean_reversion", "multi_indicator")
SERIES = {
    "minutes": ((M1,), minutes()),
    "days": ((D1,), days()),
    "minutes, fives and quarters": ((M1, M5, M15), with_longer(minutes(), M5, M15)),
}
CASES = [
    pytest.param(name, *SERIES[label], id=f"{name} on {label}")
    for name in BUILT_IN
    for label in SERIES
    if name in SEVERAL or len(SERIES[label][0]) == 1
]


SHORT_PERIODS = {
    "rsiPeriod": 3,
    "macdFast": 2,
    "macdSlow": 4,
    "macdSignal": 3,
    "bollingerPeriod": 4,
    "adxPeriod": 3,
    "stochasticPeriod": 4,
    "atrPeriod": 3,
    "volumePeriod": 4,
    "minConfidence": 30,
}
PARAMS = {
    "breakout": {**SHORT_PERIODS, "donchianPeriod": 4, "minVolumeRatio": 0},
    "mean_reversion": {**SHORT_PERIODS, "bollingerDeviations": 0.5, "trailPercent": 1},
    "multi_indicator": {**SHORT_PERIODS, "trailAtr": 2, "mostBars": 9},
}
FEW = settings(max_examples=40, deadline=None)
each_strategy = pytest.mark.parametrize("name", SEVERAL)


@pytest.mark.parametrize(("name", "timeframes", "bars"), CASES)
def test_a_shipped_strategy_decides_by_what_it_has_seen_alone(
    name: str, timeframes: tuple[Timeframe, ...], bars: list[Bar]
):
    assert lookahead(lambda: made(name, BOTH_WAYS, *timeframes), bars) is None


@pytest.mark.parametrize(("name", "timeframes", "bars"), CASES)
def test_a_shipped_strategy_that_is_restored_anywhere_has_the_same_future(
    name: str, timeframes: tuple[Timeframe, ...], bars: list[Bar]
):
    whole = made(name, BOTH_WAYS, *timeframes)
    expected, states = [], {}
    for place, each in enumerate(bars):
        if place % 97 == 0:
            states[place] = json.dumps(whole.snapshot())
        expected += [(place, wish) for wish in whole.on_bar(each)]
    for place, state in states.items():
        resumed = made(name, BOTH_WAYS, *timeframes)
        resumed.restore(json.loads(state))
        found = [(place + each.bar, each.wish) for each in decisions(resumed, bars[place : place + 250])]
        assert found == [each for each in expected if place <= each[0] < place + 250]


@each_strategy
@FEW
@given(bars=series(), allowed=st.sampled_from(((Side.BUY,), tuple(Side))))
def test_entries_and_exits_match_and_nothing_is_wanted_before_the_warm_up(
    name: str, bars: list[Bar], allowed: tuple[Side, ...]
):
    strategy = made(name, {**PARAMS[name], "allowShort": Side.SELL in allowed})
    found = decisions(strategy, bars)
    last = None
    for each in found:
        assert each.bar + 1 >= strategy.warm_up_bars
        if isinstance(each.wish, Exit):
            assert isinstance(last, Enter)
            assert each.wish.side is last.side.opposite
        else:
            assert each.wish.side in allowed
        last = each.wish


@each_strategy
@FEW
@given(bars=series(), cut=st.integers(0, 60))
def test_a_restored_strategy_goes_on_as_if_it_had_never_stopped(name: str, bars: list[Bar], cut: int):
    params = {**PARAMS[name], "allowShort": True}
    one, other = made(name, params), made(name, params)
    decisions(one, bars[:cut])
    other.restore(one.snapshot())
    assert decisions(other, bars[cut:]) == decisions(one, bars[cut:])
    assert other.snapshot() == one.snapshot()
