from datetime import date, timedelta

import pytest
from tests.support.market import DAY, RELIANCE, YESBANK, at, session, shown, tick

from alpha_panda.domain.bars import BarBuilder, Drop
from alpha_panda.domain.calendar import HorizonError, default_calendar
from alpha_panda.events.ids import bar_id
from alpha_panda.events.market import Timeframe


@pytest.fixture
def builder() -> BarBuilder:
    return BarBuilder(default_calendar())


def test_ticks_of_a_minute_become_its_bar_when_the_watermark_passes(builder: BarBuilder):
    for sequence, price in enumerate((100, 130, 90, 110), start=1):
        assert builder.take(tick(f"09:15:{sequence * 10}", price, sequence)) is None
    assert builder.advance(at("09:15:59")) == []
    (bar,) = builder.advance(at("09:16"))
    assert shown(bar) == ("1m", "09:15", 100, 130, 90, 110, 40)
    assert bar.id == bar_id(YESBANK, "1m", at("09:15"), at("09:16"))
    assert (bar.event_time, bar.sequence, bar.key, bar.key_instrument) == (at("09:16"), 0, str(YESBANK), YESBANK)
    assert bar.causation_id == tick("09:15:40", 110, 4).id


def test_a_minute_without_ticks_has_no_bar(builder: BarBuilder):
    builder.take(tick("09:15:10", sequence=1))
    builder.take(tick("09:18:10", sequence=2))
    minutes = [shown(bar)[1] for bar in builder.advance(at("09:19")) if bar.data.timeframe is Timeframe.M1]
    assert minutes == ["09:15", "09:18"]


def test_longer_bars_are_made_of_the_minutes_in_them(builder: BarBuilder):
    builder.take(tick("09:15:10", 100, 1))
    builder.take(tick("09:19:50", 120, 2))
    builder.take(tick("09:20:00", 90, 3))
    bars = [shown(bar) for bar in builder.advance(at("09:30"))]
    assert ("5m", "09:15", 100, 120, 100, 120, 20) in bars
    assert ("5m", "09:20", 90, 90, 90, 90, 10) in bars
    assert ("15m", "09:15", 100, 120, 90, 90, 30) in bars


def test_hours_count_from_the_open_and_the_last_one_ends_with_the_session(builder: BarBuilder):
    builder.take(tick("10:14:59", 100, 1))
    builder.take(tick("15:29:59", 110, 2))
    closed = builder.advance(session().close)
    hours = [bar for bar in closed if bar.data.timeframe is Timeframe.H1]
    assert [(bar.data.start, bar.data.end, bar.sequence) for bar in hours] == [
        (at("09:15"), at("10:15"), 0),
        (at("15:15"), at("15:30"), 6),
    ]
    assert [bar.data.last_of_session for bar in hours] == [False, True]


def test_a_daily_bar_is_that_of_its_session(builder: BarBuilder):
    muhurat = date(2019, 10, 27)
    builder.take(tick(at("18:20:00", muhurat), 100, 1))
    closed = builder.advance(at("19:15", muhurat))
    days = [bar.data for bar in closed if bar.data.timeframe is Timeframe.D1]
    assert [(day.start, day.end, day.last_of_session) for day in days] == [
        (at("18:15", muhurat), at("19:15", muhurat), True)
    ]


def test_bars_of_one_watermark_come_by_end_instrument_and_sequence(builder: BarBuilder):
    builder.take(tick("09:19:10", sequence=1, token=YESBANK))
    builder.take(tick("09:19:20", sequence=1, token=RELIANCE))
    closed = builder.advance(at("09:20"))
    assert [(bar.data.instrument_token, str(bar.data.timeframe)) for bar in closed] == [
        (RELIANCE, "5m"),
        (RELIANCE, "1m"),
        (YESBANK, "5m"),
        (YESBANK, "1m"),
    ]


def test_a_closed_bar_never_reopens(builder: BarBuilder):
    builder.take(tick("09:15:10", sequence=1))
    builder.advance(at("09:16"))
    assert builder.take(tick("09:15:50", sequence=2)) is Drop.LATE
    assert builder.take(tick("09:15:50", sequence=1, token=RELIANCE)) is Drop.LATE
    assert builder.advance(at("09:17")) == []
    assert builder.counters["late"] == 2


def test_a_tick_that_was_taken_or_overtaken_is_a_duplicate(builder: BarBuilder):
    builder.take(tick("09:15:10", sequence=5))
    assert builder.take(tick("09:15:10", sequence=5)) is Drop.DUPLICATE
    assert builder.take(tick("09:15:20", sequence=4)) is Drop.DUPLICATE
    assert builder.counters["duplicate"] == 2


def test_a_tick_from_before_the_last_one_is_out_of_order(builder: BarBuilder):
    builder.take(tick("09:16:30", sequence=1))
    assert builder.take(tick("09:16:20", sequence=2)) is Drop.OUT_OF_ORDER
    assert builder.take(tick("09:15:20", sequence=3)) is Drop.OUT_OF_ORDER
    assert builder.take(tick("09:16:30", sequence=4)) is None


@pytest.mark.parametrize("clock", ["09:14:59", "15:30:00", "20:00:00"])
def test_a_tick_outside_the_session_is_counted_and_dropped(builder: BarBuilder, clock: str):
    assert builder.take(tick(clock)) is Drop.OUTSIDE_SESSION
    assert builder.advance(session().close + timedelta(hours=9)) == []
    assert builder.counters == {
        "ticks": 0,
        "bars": 0,
        "outside_session": 1,
        "duplicate": 0,
        "late": 0,
        "out_of_order": 0,
    }


def test_a_tick_beyond_the_session_table_leaves_the_builder_as_it_was(builder: BarBuilder):
    builder.take(tick("09:15:10", sequence=1))
    before = builder.snapshot()
    with pytest.raises(HorizonError):
        builder.take(tick(at("09:15:10", date(2031, 1, 1)), sequence=2))
    assert builder.snapshot() == before


def test_a_tick_without_a_volume_adds_none(builder: BarBuilder):
    builder.take(tick("09:15:10", sequence=1, volume=None))
    builder.take(tick("09:15:20", sequence=2, volume=7))
    assert builder.advance(at("09:16"))[0].data.volume == 7


def test_a_watermark_that_does_not_rise_closes_nothing(builder: BarBuilder):
    builder.take(tick("09:15:10", sequence=1))
    assert len(builder.advance(at("09:17"))) == 1
    assert builder.advance(at("09:17")) == []
    assert builder.advance(at("09:16")) == []


def test_a_bar_that_was_published_before_a_restart_is_said_again_word_for_word(builder: BarBuilder):
    first = BarBuilder(default_calendar())
    first.take(tick("09:15:10", 100, 1))
    first.take(tick("09:15:20", 150, 2))
    published = first.advance(at("09:16"))[0]

    builder.remember(published)
    builder.take(tick("09:15:10", 100, 1))
    assert builder.advance(at("09:16"))[0].data == published.data
    longer = builder.advance(at("09:20"))
    assert [shown(bar) for bar in longer] == [("5m", "09:15", 100, 150, 100, 150, 20)]


def test_a_builder_is_restored_exactly(builder: BarBuilder):
    builder.take(tick("09:15:10", 100, 1))
    builder.advance(at("09:16"))
    builder.take(tick("09:16:10", 120, 2))
    builder.take(tick("09:16:10", 120, 2))
    other = BarBuilder(default_calendar())
    other.restore(builder.snapshot())
    assert other.snapshot() == builder.snapshot()
    assert other.counters == builder.counters
    assert other.take(tick("09:16:10", 120, 2)) is Drop.DUPLICATE
    assert other.take(tick("09:15:59", 120, 3)) is Drop.LATE
    assert builder.take(tick("09:16:10", 120, 2)) is Drop.DUPLICATE
    assert builder.take(tick("09:15:59", 120, 3)) is Drop.LATE
    assert other.advance(session(DAY).close) == builder.advance(session(DAY).close)
