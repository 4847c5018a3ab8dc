"""When pods that handle real money may be replaced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_panda.resources.common import Rollout, RolloutWindow
from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.status import RolloutPhase, RolloutRecord
from alpha_panda_operator.decisions.rollouts import Change, Moment, Verdict, decide_rollout

NOON = datetime(2026, 1, 5, 6, 30, tzinfo=UTC)
RISK = "zerodha.risk-manager"


def change(
    window: RolloutWindow = RolloutWindow.MARKET_CLOSED,
    *,
    live: str | None = "old",
    wanted: str = "new",
    guarded: bool = True,
    serving: bool = True,
) -> Change:
    return Change(
        live={} if live is None else {RISK: live},
        wanted={RISK: wanted},
        available=frozenset({RISK} if serving else ()),
        guarded=guarded,
        rollout=Rollout(window=window, deadline_seconds=3600),
    )


def moment(hours: float = 0, *, market_open: bool | None = True, flat: bool | None = False) -> Moment:
    return Moment(now=NOON + timedelta(hours=hours), market_open=market_open, flat=flat)


def waiting(window: RolloutWindow = RolloutWindow.MARKET_CLOSED) -> RolloutRecord:
    record = decide_rollout(None, change(window), moment()).record
    assert record is not None
    assert record.phase is RolloutPhase.WAITING
    return record


def test_a_change_of_paper_pods_is_made_at_once_and_leaves_no_record():
    assert decide_rollout(None, change(guarded=False), moment()) == Verdict(go=True)


def test_the_first_pods_of_a_live_broker_replace_none_and_wait_for_nothing():
    assert decide_rollout(None, change(live=None), moment()) == Verdict(go=True)


def test_a_change_of_live_pods_waits_while_the_market_is_open_and_says_until_when():
    verdict = decide_rollout(None, change(), moment())
    assert (verdict.go, verdict.reason) == (False, Reason.WAITING_FOR_MARKET_CLOSE)
    assert verdict.record is not None
    assert verdict.record.deadline == NOON + timedelta(hours=1)
    assert "the market is closed" in verdict.message


@pytest.mark.parametrize(
    ("window", "opened"),
    [
        (RolloutWindow.MARKET_CLOSED, moment(0.5, market_open=False)),
        (RolloutWindow.WHEN_FLAT, moment(0.5, flat=True)),
        (RolloutWindow.ANY, moment(0.5)),
    ],
)
def test_it_is_made_once_its_window_opens(window: RolloutWindow, opened: Moment):
    record = None if window is RolloutWindow.ANY else waiting(window)
    verdict = decide_rollout(record, change(window), opened)
    assert verdict.go
    assert verdict.record is not None
    assert verdict.record.phase is RolloutPhase.STARTING


@pytest.mark.parametrize("window", [RolloutWindow.MARKET_CLOSED, RolloutWindow.WHEN_FLAT])
def test_what_nobody_knows_opens_no_window(window: RolloutWindow):
    assert not decide_rollout(waiting(window), change(window), moment(market_open=None, flat=None)).go


def test_it_is_given_up_at_its_deadline_and_stays_so_though_the_window_opens_later():
    verdict = decide_rollout(waiting(), change(), moment(1))
    assert (verdict.go, verdict.reason) == (False, Reason.DEADLINE_PASSED)
    again = decide_rollout(verdict.record, change(), moment(9, market_open=False))
    assert (again.go, again.reason) == (False, Reason.DEADLINE_PASSED)


def test_another_change_after_one_that_was_given_up_waits_anew():
    given_up = decide_rollout(waiting(), change(), moment(1)).record
    verdict = decide_rollout(given_up, change(wanted="newer"), moment(2))
    assert verdict.record is not None
    assert (verdict.record.phase, verdict.record.started_at) == (RolloutPhase.WAITING, NOON + timedelta(hours=2))


def test_what_was_written_down_before_a_crash_is_gone_on_with_though_the_window_has_closed():
    started = decide_rollout(waiting(), change(), moment(0.5, market_open=False)).record
    verdict = decide_rollout(started, change(), moment(0.6))
    assert verdict.go
    assert verdict.record == started


def test_the_record_is_there_until_the_new_pods_serve():
    started = decide_rollout(waiting(), change(), moment(0.5, market_open=False)).record
    replaced = change(live="new", serving=False)
    assert decide_rollout(started, replaced, moment(0.6)).record == started
    assert decide_rollout(started, change(live="new"), moment(0.6)) == Verdict(go=True)


def test_new_pods_that_do_not_serve_in_time_are_reported_until_they_do():
    started = decide_rollout(waiting(), change(), moment(0.5, market_open=False)).record
    assert started is not None
    assert started.deadline == NOON + timedelta(hours=0.5, minutes=10)
    late = decide_rollout(started, change(live="new", serving=False), moment(1))
    assert (late.go, late.stalled, late.reason) == (True, True, Reason.ROLLOUT_STUCK)
    assert f"{RISK}: replaced, and not serving by" in late.message
    assert "Change the image or settings back" in late.message
    assert decide_rollout(late.record, change(live="new"), moment(2)) == Verdict(go=True)


@pytest.mark.parametrize("wanted", ["old", "newer"])
def test_what_was_replaced_and_does_not_serve_is_mended_without_waiting(wanted: str):
    started = decide_rollout(waiting(), change(), moment(0.5, market_open=False)).record
    mended = decide_rollout(started, change(live="new", wanted=wanted, serving=False), moment(0.6))
    assert mended.go
    assert mended.record is not None
    assert mended.record.phase is RolloutPhase.STARTING
    assert not decide_rollout(started, change(live="new", wanted=wanted), moment(0.6)).go, "what serves is not touched"


def test_a_change_that_is_taken_back_leaves_no_record():
    assert decide_rollout(waiting(), change(live="old", wanted="old"), moment(0.5)) == Verdict(go=True)


windows = st.sampled_from(RolloutWindow)
moments = st.builds(
    moment,
    st.floats(0, 48),
    market_open=st.sampled_from([None, True, False]),
    flat=st.sampled_from([None, True, False]),
)


@given(
    windows, st.lists(moments, min_size=1, max_size=8), st.lists(st.sampled_from(["a", "b"]), min_size=8, max_size=8)
)
def test_live_pods_are_replaced_only_in_a_window_or_where_that_was_begun_in_one(
    window: RolloutWindow, times: list[Moment], wanted: list[str]
):
    record, begun = None, None
    for each, revision in zip(sorted(times, key=lambda one: one.now), wanted, strict=False):
        verdict = decide_rollout(record, change(window, wanted=revision), each)
        is_open = {
            RolloutWindow.ANY: True,
            RolloutWindow.MARKET_CLOSED: each.market_open is False,
            RolloutWindow.WHEN_FLAT: each.flat is True,
        }[window]
        if verdict.go:
            assert is_open or begun == revision
            begun = revision
        record = verdict.record
