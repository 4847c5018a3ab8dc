"""The list of epochs loses nothing, mixes nothing up, and depends on the data alone."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.market import YESBANK, session
from tests.unit.market_feed.replays import replay, write

from alpha_panda.domain.calendar import IST
from alpha_panda.domain.epochs import MarketDay, epochs, tick_watermarks
from alpha_panda.domain.ticks import tick_event

DAYS = (date(2019, 7, 9), date(2019, 7, 10), date(2019, 10, 27))
SYMBOLS = ("YESBANK", "RELIANCE", "ITC")
Row = tuple[str, date, int, int]


@given(st.lists(st.tuples(st.sampled_from(DAYS), st.integers(0, 3_600_000 - 1)), max_size=30))
def test_epochs_cut_the_ticks_without_loss_between_rising_watermarks(points: list[tuple[date, int]]):
    made = []
    for day in sorted({day for day, _ in points}):
        moments = sorted(session(day).open + timedelta(milliseconds=each) for on, each in points if on == day)
        ticks = tuple(tick_event(YESBANK, moment, 1, 1, index) for index, moment in enumerate(moments, start=1))
        made.append(MarketDay(session=session(day), ticks=ticks, watermarks=tick_watermarks(session(day), moments)))
    found = list(epochs(made))
    assert [tick for batch in found for tick in batch.ticks] == [tick for day in made for tick in day.ticks]
    assert [batch.number for batch in found] == list(range(1, len(found) + 1))
    assert [batch.final for batch in found] == [False] * (len(found) - 1) + [True] * bool(found)
    for before, batch in pairwise(found):
        assert before.watermark < batch.watermark or batch.final
        assert all(before.watermark <= tick.event_time < batch.watermark for tick in batch.ticks)


rows = st.lists(
    st.tuples(st.sampled_from(SYMBOLS), st.sampled_from(DAYS), st.integers(0, 59), st.integers(1, 10**6)),
    min_size=1,
    max_size=25,
    unique_by=lambda row: row[:3],
)


def line(row: Row) -> str:
    symbol, day, minute, price = row
    moment: datetime = (session(day).open + timedelta(minutes=minute)).astimezone(IST)
    rupees = f"{price // 100}.{price % 100:02}"
    return f"{symbol},{moment.isoformat()},{rupees},{rupees},{rupees},{rupees},{price}\n"


@settings(max_examples=40)
@given(rows, st.data())
def test_the_same_bars_give_the_same_epochs_in_any_files_and_order(bars: list[Row], data: st.DataObject):
    shuffled = data.draw(st.permutations(bars))
    header = "symbol,timestamp,open,high,low,close,volume\n"
    with tempfile.TemporaryDirectory() as folder:
        one = write(Path(folder), header + "".join(map(line, shuffled)), "all.csv")
        for symbol in SYMBOLS:
            own = [line(row) for row in sorted(bars) if row[0] == symbol]
            if own:
                write(Path(folder) / "each", header + "".join(own), f"{symbol}.csv")
        together = list(replay(one, interval_minutes=1).epochs())
        apart = list(replay(Path(folder) / "each", interval_minutes=1).epochs())
    assert together == apart
    ends = {(day, minute) for _, day, minute, _ in bars}
    closes = {day for _, day, _, _ in bars}
    coincide = sum(session(day).open + timedelta(minutes=minute + 1) == session(day).close for day, minute in ends)
    assert len(together) == len(ends) + len(closes) - coincide + 1
