from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument import Exchange, Instrument
from alpha_panda.downloads.spans import Span, lacking, pieces, sessions_of, whole
from alpha_panda.errors import InputError
from alpha_panda.events.market import Timeframe

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
INFY = Instrument(token=408065, exchange=Exchange.NSE, symbol="INFY", tick_size_paise=5)
FREE = Instrument(token=1, exchange=Exchange.NSE, symbol="FREE", tick_size_paise=5, derivatives=False)


def test_days_are_cut_into_spans_of_at_most_so_many_days_that_begin_and_end_with_days_that_lack() -> None:
    days = [date(2026, 1, day) for day in (1, 2, 5, 8, 20)]
    assert list(pieces(days, 7)) == [
        Span(date(2026, 1, 1), date(2026, 1, 5)),
        Span(date(2026, 1, 8), date(2026, 1, 8)),
        Span(date(2026, 1, 20), date(2026, 1, 20)),
    ]
    assert list(pieces([], 7)) == []


def test_only_sessions_that_have_begun_are_wanted() -> None:
    found = sessions_of(default_calendar(), date(2026, 11, 13), date(2026, 12, 31), NOW)
    assert [each.date.day for each in found] == [13, 16, 17, 18, 19, 20]


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (date(2026, 11, 19), date(2026, 11, 18), "is after --to"),
        (date(2026, 11, 25), date(2026, 11, 26), "still to come"),
        (date(2026, 11, 14), date(2026, 11, 15), "was closed"),
    ],
)
def test_days_that_cannot_be_asked_for_are_refused(first: date, last: date, why: str) -> None:
    with pytest.raises(InputError, match=why):
        sessions_of(default_calendar(), first, last, NOW)


def test_a_session_is_whole_with_the_bars_of_its_continuous_market() -> None:
    (session,) = sessions_of(default_calendar(), date(2026, 11, 19), date(2026, 11, 19), NOW)
    assert whole(session, FREE, Timeframe.M1) == 375
    assert whole(session, INFY, Timeframe.M1) == 360
    assert whole(session, FREE, Timeframe.H1) == 7
    assert whole(session, FREE, Timeframe.D1) == 1
    assert lacking([session], {session.date: 375}, FREE, Timeframe.M1) == ()
    assert lacking([session], {session.date: 374}, FREE, Timeframe.M1) == (session,)
    assert lacking([session], {}, FREE, Timeframe.D1) == (session,)
