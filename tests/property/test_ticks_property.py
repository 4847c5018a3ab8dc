"""Bars that become ticks are rebuilt from them exactly."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.support.market import YESBANK, session

from alpha_panda.domain.bars import BarBuilder
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.ticks import ticks_of_bar
from alpha_panda.events.market import Bar, Timeframe

SESSION = session()
prices = st.lists(st.integers(1, 10**9), min_size=4, max_size=4)
LENGTHS = {1: Timeframe.M1, 5: Timeframe.M5, 15: Timeframe.M15, 60: Timeframe.H1}


@st.composite
def bars(draw: st.DrawFn) -> tuple[Bar, Timeframe]:
    minutes = draw(st.sampled_from(sorted(LENGTHS)))
    low, first, close, high = sorted(draw(prices))
    if draw(st.booleans()):
        first, close = close, first
    start = SESSION.open + timedelta(minutes=minutes) * draw(st.integers(0, 374 // minutes))
    bar = Bar(
        instrument_token=YESBANK,
        timeframe=Timeframe.M1,
        start=start,
        end=min(start + timedelta(minutes=minutes), SESSION.close),
        open_paise=first,
        high_paise=high,
        low_paise=low,
        close_paise=close,
        volume=draw(st.integers(0, 10**9)),
    )
    return bar, LENGTHS[minutes]


@given(bars(), st.integers(1, 10**6))
def test_the_ticks_of_a_bar_rebuild_it(made: tuple[Bar, Timeframe], first_sequence: int):
    bar, timeframe = made
    builder = BarBuilder(default_calendar())
    for tick in ticks_of_bar(bar, first_sequence):
        assert bar.start < tick.event_time < bar.end
        assert builder.take(tick) is None
    (rebuilt,) = [each.data for each in builder.advance(SESSION.close) if each.data.timeframe is timeframe]
    said = (rebuilt.open_paise, rebuilt.high_paise, rebuilt.low_paise, rebuilt.close_paise, rebuilt.volume)
    assert said == (bar.open_paise, bar.high_paise, bar.low_paise, bar.close_paise, bar.volume)
    assert (rebuilt.start, rebuilt.end) == (bar.start, bar.end)
