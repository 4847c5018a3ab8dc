"""Whatever is observed: no alarm without cause, none late, none at a time when silence is right."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_panda.domain.calendar import IST, default_calendar
from alpha_panda.domain.feed_watch import FeedWatch
from alpha_panda.domain.pipeline_watch import Bounds, Code, Growth, Now, Observation, StageWatch

BOUNDS = Bounds(stale_feed_seconds=10, no_progress_seconds=5, lag_floor_records=100, lag_windows=3)
WALL = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)
steps = st.lists(
    st.tuples(st.floats(0.01, 3), st.integers(0, 50), st.booleans(), st.sampled_from([(), ("feed",), ("up", "feed")])),
    min_size=1,
    max_size=60,
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 25), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is added


@settings(max_examples=300, deadline=None)
@given(steps, st.floats(0, 20))
def test_a_stage_is_stuck_exactly_when_it_had_work_and_did_none_for_longer_than_the_bound(
    observed: list[tuple[float, int, bool, tuple[str, ...]]], later: float
) -> None:
    stage = StageWatch("stage", BOUNDS, paced="feed")
    at, done, free_at = 100.0, 0, 0.0
    for step, pending, progress, waits_for in observed:
        at += step
        done += progress
        stage.observe(Observation(at=at, pending=pending, done=done, waits_for=waits_for))
        if not free_at or progress or not pending or waits_for == ("feed",):
            free_at = at
    now = at + later
    stuck = [each for each in stage.findings(Now(monotonic=now, wall=WALL)) if each.code is Code.NO_PROGRESS]
    hangs, idles = now - at > BOUNDS.no_progress_seconds, now - free_at > BOUNDS.no_progress_seconds
    assert bool(stuck) == (hangs or idles)
    assert all(each.seconds >= BOUNDS.no_progress_seconds for each in stuck)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=80))
def test_lag_is_growing_only_after_enough_rises_in_a_row_and_never_from_below_the_floor(levels: list[int]) -> None:
    growth = Growth(BOUNDS)
    for number, level in enumerate([*levels, 0]):
        was = growth.since
        growth.observe(number * BOUNDS.lag_window_seconds, level)
        if was is None and growth.since is not None:
            closed = levels[:number]
            last = closed[-(BOUNDS.lag_windows + 1) :]
            assert last == sorted(set(last)), "each window higher than the one before"
            assert len(last) == BOUNDS.lag_windows + 1
            assert closed[-1] >= BOUNDS.lag_floor_records
        if was is not None and growth.since is not None:
            assert levels[number - 1] >= BOUNDS.lag_floor_records / 2


@settings(max_examples=500, deadline=None)
@given(moments, st.floats(0, 400_000), st.floats(0, 400_000))
def test_a_live_market_is_stale_exactly_when_a_session_has_been_open_and_silent_for_longer_than_the_bound(
    begun: datetime, silent: float, later: float
) -> None:
    calendar = default_calendar()
    feed = FeedWatch(BOUNDS, calendar, begun.timestamp(), live=True)
    last = begun + timedelta(seconds=silent)
    feed.heard(last.timestamp(), last)
    asked = last + timedelta(seconds=later)
    found = feed.findings(Now(monotonic=asked.timestamp(), wall=asked))
    if asked.astimezone(IST).date() > calendar.last:
        assert not found
        return
    session = calendar.session_of(asked.astimezone(IST).date())
    if session is None or asked not in session or _in_auction(asked):
        assert not found, "the market is closed"
        return
    due = (asked - max(last, session.open)).total_seconds()
    if abs(due - BOUNDS.stale_feed_seconds) > 0.001:
        assert bool(found) == (due > BOUNDS.stale_feed_seconds)


def _in_auction(moment: datetime) -> bool:
    """By a second hand: 15:15 to 15:30 in India, from when the auction exists until it moves behind the session."""
    local = moment.astimezone(IST)
    exists = date(2026, 8, 3) <= local.date() < date(2026, 12, 7)
    return exists and time(15, 15) <= local.time() < time(15, 30)
