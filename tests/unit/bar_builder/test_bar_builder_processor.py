from datetime import date
from typing import Any

import msgspec
import pytest
from tests.support.market import at, shown, tick

from alpha_panda.bar_builder.processor import BarBuilderProcessor
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.processor import RefusedEventError
from alpha_panda.events.envelope import Event
from alpha_panda.events.topics import BARS, TICKS


@pytest.fixture
def processor() -> BarBuilderProcessor:
    return BarBuilderProcessor(default_calendar())


def bars_at(processor: BarBuilderProcessor, clock: str) -> list[Event[Any]]:
    return list(processor.on_watermark(at(clock)))


def test_ticks_go_in_and_bars_come_out_at_the_watermark(processor: BarBuilderProcessor):
    assert list(processor.on_event(tick("09:15:10", 100), TICKS)) == []
    assert [shown(bar) for bar in bars_at(processor, "09:16")] == [("1m", "09:15", 100, 100, 100, 100, 10)]
    assert processor.diagnostics()["bars"] == 1


def test_what_is_no_tick_is_refused(processor: BarBuilderProcessor):
    processor.on_event(tick("09:15:10", 100), TICKS)
    (bar,) = bars_at(processor, "09:16")
    with pytest.raises(RefusedEventError, match="the bar builder takes ticks only"):
        processor.on_event(bar, TICKS)


def test_a_tick_of_a_date_without_a_session_table_is_refused_and_changes_nothing(processor: BarBuilderProcessor):
    before = processor.snapshot()
    with pytest.raises(RefusedEventError, match="2031-01-01 is outside the session table"):
        processor.on_event(tick(at("09:15", date(2031, 1, 1))), TICKS)
    assert processor.snapshot() == before


def test_a_published_bar_is_recalled_word_for_word_after_a_restart(processor: BarBuilderProcessor):
    other = BarBuilderProcessor(default_calendar())
    for sequence, price in enumerate((100, 140), start=1):
        other.on_event(tick("09:15:10", price, sequence), TICKS)
    (published,) = bars_at(other, "09:16")
    processor.recall(published, BARS)
    processor.on_event(tick("09:15:10", 100, 1), TICKS)
    assert [bar.data for bar in bars_at(processor, "09:16")] == [published.data]


def test_a_snapshot_restores_an_equal_processor(processor: BarBuilderProcessor):
    processor.on_event(tick("09:15:10", 100), TICKS)
    other = BarBuilderProcessor(default_calendar())
    other.restore(processor.snapshot())
    assert other.snapshot() == processor.snapshot()
    assert bars_at(other, "15:30") == bars_at(processor, "15:30")


def test_bytes_that_are_no_snapshot_are_refused(processor: BarBuilderProcessor):
    with pytest.raises(msgspec.DecodeError):
        processor.restore(b"not a state")
