"""`panda up --wait` returns when everything has drained, and fails where something never will."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alpha_panda.cli import rundown
from alpha_panda.cli.rundown import wait_for_end
from alpha_panda.errors import PandaError
from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform, ServiceDetail
from alpha_panda.local.run_file import FeedChoice, Run, save_run

READY = ServiceDetail(
    name="bar-builder",
    state="Ready",
    pid=1,
    restarts=0,
    lag=0,
    event_age_seconds=1.0,
    rss_megabytes=60.0,
    epoch=376,
    finished=True,
    reason="",
    detail={},
)


def service(**changes: Any) -> ServiceDetail:  # noqa: ANN401 - any field
    return msgspec.structs.replace(READY, **changes)


class Scripted(Platform):
    """A platform that says one thing after the other."""

    def __init__(self, layout: Layout, *answers: tuple[ServiceDetail, ...]) -> None:
        super().__init__(layout)
        self._answers: Iterator[tuple[ServiceDetail, ...]] = iter(answers)
        self.asked = 0

    async def services(self) -> tuple[ServiceDetail, ...]:
        self.asked += 1
        return next(self._answers)


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setattr(rundown, "_POLL_SECONDS", 0.0)
    made = Layout(tmp_path / "data")
    made.create()
    save_run(made, Run(feed=FeedChoice(source="replay", path="/market")))
    return made


def test_it_returns_when_every_stage_has_drained(layout: Layout):
    history = service(name="history", epoch=None, finished=False)
    platform = Scripted(
        layout,
        (),
        (service(finished=False), history),
        (READY, msgspec.structs.replace(history, lag=3)),
        (service(state="Starting"), history),
        (READY, history),
    )
    wait_for_end(platform)
    assert platform.asked == 5


def test_a_service_that_keeps_failing_ends_the_wait_with_its_reason(layout: Layout):
    platform = Scripted(
        layout, (service(state="BackOff", restarts=5, finished=False, reason="its settings are wrong"),)
    )
    with pytest.raises(PandaError, match="bar-builder does not run: its settings are wrong") as failed:
        wait_for_end(platform)
    assert failed.value.remedy == "panda logs bar-builder"


def test_a_service_that_failed_often_and_runs_now_is_waited_for(layout: Layout):
    platform = Scripted(layout, (service(restarts=9, finished=False),), (service(restarts=9),))
    wait_for_end(platform)
    assert platform.asked == 2


def test_without_a_replay_there_is_no_end_to_wait_for(layout: Layout):
    save_run(layout, Run())
    with pytest.raises(PandaError, match="this run has none"):
        wait_for_end(Scripted(layout))
