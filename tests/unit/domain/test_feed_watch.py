"""Silence is a fault only while ticks are due: in an open session, or while a replay may move."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from tests.support.market import at

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.feed_watch import FeedWatch
from alpha_panda.domain.pipeline_watch import Bounds, Code, Finding, Now

BOUNDS = Bounds(stale_feed_seconds=10, stale_instrument_seconds=60)
TUESDAY = date(2026, 6, 2)


def live(begun: str, day: date = TUESDAY) -> FeedWatch:
    return FeedWatch(BOUNDS, default_calendar(), seconds(begun, day), live=True)


def seconds(clock: str, day: date = TUESDAY) -> float:
    return at(clock, day).timestamp()


def asked(clock: str, day: date = TUESDAY) -> Now:
    moment = at(clock, day)
    return Now(monotonic=moment.timestamp(), wall=moment)


def hear(feed: FeedWatch, clock: str, *tokens: int, day: date = TUESDAY) -> None:
    feed.heard(seconds(clock, day), at(clock, day), tokens)


def codes(found: tuple[Finding, ...]) -> list[Code]:
    return [each.code for each in found]


def test_a_market_that_falls_silent_in_a_session_is_stale_since_its_last_tick() -> None:
    feed = live("09:00:00")
    hear(feed, "10:00:00")
    assert feed.findings(asked("10:00:10")) == ()
    (found,) = feed.findings(asked("10:00:12"))
    assert (found.code, found.subject, found.since, found.seconds) == (
        Code.STALE_FEED,
        "market",
        at("10:00:00", TUESDAY),
        12,
    )
    hear(feed, "10:00:13")
    assert feed.findings(asked("10:00:14")) == ()


def test_before_the_first_tick_is_due_there_is_no_alarm_and_a_while_after_the_open_there_is() -> None:
    feed = live("08:00:00")
    assert feed.findings(asked("09:14:59")) == ()
    assert feed.findings(asked("09:15:09")) == ()
    assert codes(feed.findings(asked("09:15:11"))) == [Code.STALE_FEED]


def test_a_night_of_silence_does_not_count_at_the_next_open() -> None:
    feed = live("09:00:00")
    hear(feed, "15:29:59")
    wednesday = TUESDAY + timedelta(days=1)
    assert feed.findings(asked("09:15:05", wednesday)) == ()
    assert codes(feed.findings(asked("09:15:20", wednesday))) == [Code.STALE_FEED]


@pytest.mark.parametrize(
    ("clock", "day"),
    [
        ("15:30:00", TUESDAY),
        ("22:00:00", TUESDAY),
        ("11:00:00", date(2026, 6, 6)),
        ("11:00:00", date(2026, 1, 26)),
        ("11:00:00", date(2050, 6, 2)),
    ],
    ids=["at the close", "at night", "on a Saturday", "on Republic Day", "beyond the calendar"],
)
def test_outside_market_hours_there_is_never_an_alarm(clock: str, day: date) -> None:
    feed = live("09:20:00")
    hear(feed, "10:00:00")
    assert feed.findings(asked(clock, day)) == ()


def test_the_closing_auction_is_silent_by_right_since_it_exists() -> None:
    before, since, moved = date(2026, 7, 31), date(2026, 8, 3), date(2026, 12, 7)
    for day, expected in ((before, [Code.STALE_FEED]), (since, []), (moved, [Code.STALE_FEED])):
        feed = live("09:00:00", day)
        hear(feed, "15:14:59", day=day)
        assert codes(feed.findings(asked("15:20:00", day))) == expected
    feed = live("09:00:00", since)
    hear(feed, "15:14:30", day=since)
    assert codes(feed.findings(asked("15:14:50", since))) == [Code.STALE_FEED]


def test_a_made_up_market_has_the_time_of_its_ticks() -> None:
    """Its Tuesday may be anybody's Saturday night."""
    feed = FeedWatch(BOUNDS, default_calendar(), 500.0)
    saturday = datetime.fromisoformat("2026-11-21T23:00:00+00:00")
    assert feed.findings(Now(monotonic=600.0, wall=saturday)) == ()
    feed.heard(600.0, at("10:00:00", TUESDAY))
    assert codes(feed.findings(Now(monotonic=611.0, wall=saturday))) == [Code.STALE_FEED]
    feed.heard(700.0, at("15:29:55", TUESDAY))
    assert feed.findings(Now(monotonic=711.0, wall=saturday)) == ()


def test_instruments_are_watched_one_by_one_and_named_the_longest_silent_first() -> None:
    feed = live("09:00:00")
    feed.follow({1: "NSE:ONE", 2: "NSE:TWO", 3: "NSE:THREE"})
    hear(feed, "10:00:00", 1, 2)
    hear(feed, "10:00:30", 2)
    hear(feed, "10:01:20", 99)
    (found,) = feed.findings(asked("10:01:25"))
    assert (found.code, found.subject) == (Code.STALE_INSTRUMENTS, "NSE:THREE, NSE:ONE")
    assert found.numbers["instruments"] == 2
    assert found.since == at("09:15:00", TUESDAY)


def test_many_silent_instruments_are_counted_not_listed() -> None:
    feed = live("09:00:00")
    feed.follow({token: f"NSE:S{token}" for token in range(8)})
    hear(feed, "10:00:00")
    (found,) = feed.findings(asked("10:00:05"))
    assert found.subject == "NSE:S0, NSE:S1, NSE:S2, NSE:S3, NSE:S4 and 3 more"


def test_a_silent_market_is_told_once_and_not_for_each_instrument() -> None:
    feed = live("09:00:00")
    feed.follow({1: "NSE:ONE"})
    hear(feed, "10:00:00", 1)
    assert codes(feed.findings(asked("11:00:00"))) == [Code.STALE_FEED]


def test_a_replay_is_stale_only_while_it_may_move() -> None:
    feed = FeedWatch(BOUNDS, None, 0.0)
    wall = at("10:00:00", TUESDAY)
    feed.heard(1.0, wall)
    for second in range(2, 100):
        feed.nothing_due(second)
    assert feed.findings(Now(monotonic=109.0, wall=wall)) == ()
    assert codes(feed.findings(Now(monotonic=109.5, wall=wall))) == [Code.STALE_FEED]
    feed.end()
    assert feed.findings(Now(monotonic=1e6, wall=wall)) == ()
    assert feed.silence(1e6) == 0
