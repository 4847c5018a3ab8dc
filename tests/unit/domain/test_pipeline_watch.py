"""A stage that is stuck or falls behind is found, named and explained; one that rests or catches up is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alpha_panda.domain.pipeline_watch import Bounds, Code, Finding, Growth, Now, Observation, StageWatch

BEGUN = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)
BOUNDS = Bounds(no_progress_seconds=5, lag_floor_records=100, lag_windows=3, lag_window_seconds=2)


def now(seconds: float) -> Now:
    return Now(monotonic=seconds, wall=BEGUN + timedelta(seconds=seconds))


def watch() -> StageWatch:
    return StageWatch("bar-builder", BOUNDS, paced="market-feed")


def see(
    stage: StageWatch, seconds: tuple[int, int], *, pending: int, done: int = 0, waits_for: tuple[str, ...] = ()
) -> None:
    """The loop turns each second from the first to the last and sees the same."""
    for at in range(seconds[0], seconds[1] + 1):
        stage.observe(Observation(at=at, pending=pending, done=done, waits_for=waits_for))


def only(found: tuple[Finding, ...]) -> Finding:
    (one,) = found
    return one


def test_a_stage_that_never_looked_says_nothing() -> None:
    assert watch().findings(now(1000)) == ()


def test_a_stage_with_records_to_read_that_deals_with_none_is_stuck_since_its_last_progress() -> None:
    stage = watch()
    see(stage, (0, 2), pending=0)
    see(stage, (3, 7), pending=4)
    assert stage.findings(now(7)) == ()
    see(stage, (8, 8), pending=4)
    found = only(stage.findings(now(8)))
    assert (found.code, found.subject, found.since, found.seconds) == (
        Code.NO_PROGRESS,
        "bar-builder",
        BEGUN + timedelta(seconds=2),
        6,
    )
    assert found.message == "4 records wait and none was dealt with for 6 s"
    assert found.look == "panda logs bar-builder"
    assert found.numbers == {"pending": 4, "done": 0}


def test_one_record_dealt_with_is_progress() -> None:
    stage = watch()
    see(stage, (0, 5), pending=4)
    see(stage, (6, 6), pending=4, done=1)
    assert stage.findings(now(11)) == ()
    assert only(stage.findings(now(11.1))).code is Code.NO_PROGRESS


def test_a_stage_that_waits_for_another_names_it_and_where_to_look() -> None:
    stage = watch()
    see(stage, (0, 10), pending=9, waits_for=("bar-builder/0", "paper.risk-manager"))
    found = only(stage.findings(now(10)))
    assert found.waits_for == ("bar-builder/0", "paper.risk-manager")
    assert found.message.endswith("; it waits for bar-builder/0, paper.risk-manager")
    assert found.look == "panda logs bar-builder"


def test_a_stage_that_waits_for_the_feed_alone_is_not_stuck() -> None:
    stage = watch()
    see(stage, (0, 60), pending=9, waits_for=("market-feed",))
    assert stage.findings(now(60)) == ()
    see(stage, (61, 70), pending=9, waits_for=("market-feed", "paper.risk-manager"))
    assert only(stage.findings(now(70))).seconds == 10


def test_a_loop_that_no_longer_turns_is_stuck_whatever_it_saw_last() -> None:
    stage = watch()
    see(stage, (0, 3), pending=0)
    assert stage.findings(now(8)) == ()
    found = only(stage.findings(now(9)))
    assert (found.code, found.seconds) == (Code.NO_PROGRESS, 6)
    assert "its loop has not turned for 6 s" in found.message
    see(stage, (20, 20), pending=0)
    assert stage.findings(now(20)) == ()


def levels(growth: Growth, *of_windows: int, begin: float = 0.0) -> float:
    """Observe each level at the two ends of a window; the next window's beginning."""
    at = begin
    for level in of_windows:
        growth.observe(at, level)
        growth.observe(at + 1.9, level)
        at += 2
    growth.observe(at, of_windows[-1])
    return at


def test_lag_that_rises_window_after_window_above_the_floor_is_growing_since_the_first_rise() -> None:
    growth = Growth(BOUNDS)
    levels(growth, 0, 50, 60, 100)
    assert growth.since == 2


def test_lag_below_the_floor_may_rise() -> None:
    growth = Growth(BOUNDS)
    levels(growth, *range(0, 100, 5))
    assert growth.since is None


def test_a_batch_that_was_just_fetched_is_no_rise() -> None:
    growth = Growth(BOUNDS)
    for at in range(40):
        growth.observe(at, 0 if at % 2 else 1000 + at)
    assert growth.since is None


def test_what_grew_is_over_by_half_the_floor_or_when_it_rests_and_not_by_one_dip() -> None:
    by_level, by_rest = Growth(BOUNDS), Growth(BOUNDS)
    at = levels(by_level, 0, 100, 200, 300, 250)
    assert by_level.since is not None
    levels(by_level, 40, begin=at)
    assert by_level.since is None
    at = levels(by_rest, 0, 100, 200, 300, 300, 300)
    assert by_rest.since is not None
    levels(by_rest, 300, begin=at)
    assert by_rest.since is None


def test_a_stage_tells_of_growing_lag_with_its_numbers() -> None:
    stage = watch()
    for at in range(12):
        stage.observe(Observation(at=at, pending=at * 100, done=at))
    found = only(stage.findings(now(12)))
    assert (found.code, found.numbers["pending"]) == (Code.GROWING_LAG, 1100)
    assert found.since == BEGUN + timedelta(seconds=2)
