"""Bars against an oracle that sees all ticks at once, and against themselves in other batches and after restarts."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.support.market import RELIANCE, YESBANK, session

from alpha_panda.domain.bars import BarBuilder, Drop
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.ticks import tick_event
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Tick, Timeframe

TickEvent = Event[Tick]
CALENDAR = default_calendar()
SESSION = session()
LENGTH = SESSION.close - SESSION.open
END = SESSION.close + timedelta(hours=1)

moments = st.one_of(
    st.integers(0, LENGTH // timedelta(milliseconds=1) - 1),
    st.integers(0, 900_000),
    st.integers(LENGTH // timedelta(milliseconds=1) - 120_000, LENGTH // timedelta(milliseconds=1) - 1),
).map(lambda each: SESSION.open + timedelta(milliseconds=each))
points = st.tuples(
    st.sampled_from([YESBANK, RELIANCE]),
    moments,
    st.integers(1, 50),
    st.one_of(st.none(), st.integers(0, 100)),
)


@st.composite
def feeds(draw: st.DrawFn) -> list[TickEvent]:
    """Ticks of two instruments in the order of time, each instrument's counted from 1."""
    counts: defaultdict[int, int] = defaultdict(int)
    found = []
    for token, moment, price, volume in sorted(draw(st.lists(points, max_size=40)), key=lambda point: point[1]):
        counts[token] += 1
        found.append(tick_event(token, moment, price, volume, counts[token]))
    return found


@st.composite
def disordered(draw: st.DrawFn) -> list[TickEvent]:
    """A feed of which any tick may come again, late or early."""
    feed = draw(feeds())
    again = draw(st.lists(st.sampled_from(feed), max_size=10)) if feed else []
    return draw(st.permutations(feed + again))


def run(feed: list[TickEvent], watermarks: list[datetime] | None = None) -> list[Event[Bar]]:
    """All bars of a feed: closed at the end, or with a watermark after each tick."""
    builder = BarBuilder(CALENDAR)
    bars = []
    for index, tick in enumerate(feed):
        builder.take(tick)
        if watermarks is not None:
            bars += builder.advance(watermarks[index])
    return bars + builder.advance(END)


def accepted(feed: list[TickEvent]) -> list[TickEvent]:
    """What an instrument's ticks leave when each must be newer than all that were kept before it."""
    kept: list[TickEvent] = []
    last: dict[int, TickEvent] = {}
    for tick in feed:
        before = last.get(tick.data.instrument_token)
        if before is None or (tick.sequence > before.sequence and tick.event_time >= before.event_time):
            kept.append(tick)
            last[tick.data.instrument_token] = tick
    return kept


def oracle(kept: list[TickEvent]) -> set[tuple[object, ...]]:
    """Every bar of every timeframe, each made from its ticks at once."""
    groups: defaultdict[tuple[int, Timeframe, datetime], list[TickEvent]] = defaultdict(list)
    for tick in kept:
        for timeframe in Timeframe:
            whole = (tick.event_time - SESSION.open) // timeframe.duration
            start = SESSION.open + whole * timeframe.duration
            groups[tick.data.instrument_token, timeframe, start].append(tick)
    return {
        (
            token,
            timeframe,
            start,
            min(start + timeframe.duration, SESSION.close),
            ticks[0].data.price_paise,
            max(tick.data.price_paise for tick in ticks),
            min(tick.data.price_paise for tick in ticks),
            ticks[-1].data.price_paise,
            sum(tick.data.volume or 0 for tick in ticks),
        )
        for (token, timeframe, start), ticks in groups.items()
    }


def facts(bars: list[Event[Bar]]) -> set[tuple[object, ...]]:
    return {
        (
            bar.data.instrument_token,
            bar.data.timeframe,
            bar.data.start,
            bar.data.end,
            bar.data.open_paise,
            bar.data.high_paise,
            bar.data.low_paise,
            bar.data.close_paise,
            bar.data.volume,
        )
        for bar in bars
    }


@given(feeds())
def test_all_timeframes_are_what_their_ticks_say(feed: list[TickEvent]):
    bars = run(feed)
    assert facts(bars) == oracle(feed)
    assert len({bar.id for bar in bars}) == len(bars)
    assert all(bar.data.last_of_session == (bar.data.end == SESSION.close) for bar in bars)


@given(disordered())
def test_in_any_order_the_bars_are_those_of_the_ticks_that_were_new(feed: list[TickEvent]):
    builder = BarBuilder(CALENDAR)
    kept = [tick for tick in feed if builder.take(tick) is None]
    assert kept == accepted(feed)
    assert facts(builder.advance(END)) == oracle(kept)
    counters = builder.counters
    assert counters["ticks"] == len(kept)
    assert sum(counters[reason] for reason in Drop) == len(feed) - len(kept)


@given(feeds(), st.data())
def test_ticks_that_come_again_change_nothing(feed: list[TickEvent], data: st.DataObject):
    twice = [each for tick in feed for each in [tick] * data.draw(st.integers(1, 3))]
    assert run(twice) == run(feed)


@given(feeds())
def test_one_at_a_time_or_all_at_once_the_bars_are_the_same(feed: list[TickEvent]):
    at_once = run(feed)
    one_by_one = run(feed, [tick.event_time for tick in feed])
    assert sorted(one_by_one, key=lambda bar: bar.id) == sorted(at_once, key=lambda bar: bar.id)
    order = [(bar.event_time, bar.data.instrument_token, bar.sequence, bar.id) for bar in one_by_one]
    assert order == sorted(order)
    assert one_by_one == at_once


@given(disordered(), st.data())
def test_a_restart_between_any_two_ticks_is_not_seen(feed: list[TickEvent], data: st.DataObject):
    times = sorted(tick.event_time for tick in feed)
    watermarks = [data.draw(st.sampled_from(times)) for _ in feed]
    restart = data.draw(st.integers(0, len(feed)))
    builder = BarBuilder(CALENDAR)
    bars = []
    for index, tick in enumerate(feed):
        if index == restart:
            state = builder.snapshot()
            builder = BarBuilder(CALENDAR)
            builder.restore(state)
            assert builder.snapshot() == state
        builder.take(tick)
        bars += builder.advance(watermarks[index])
    assert bars + builder.advance(END) == run(feed, watermarks)


@given(disordered(), st.data())
def test_a_bar_is_said_once_whatever_the_watermarks(feed: list[TickEvent], data: st.DataObject):
    watermarks = [data.draw(moments) for _ in feed]
    ids = [bar.id for bar in run(feed, watermarks)]
    assert len(set(ids)) == len(ids)
