"""`panda logs`: the end of each log in the order of time, as lines a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alpha_panda.cli import follow
from alpha_panda.cli.follow import follow_logs, log_files
from alpha_panda.errors import InputError
from alpha_panda.local.layout import Layout


def line(second: int, event: str, **more: object) -> str:
    return json.dumps({"timestamp": f"2026-01-05T04:00:{second:02}Z", "level": "info", "event": event, **more}) + "\n"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "data")
    made.create()
    (made.logs / "api.log").write_text(line(1, "service started", port=1) + line(3, "third"))
    (made.logs / "paper.risk-manager.log").write_text(line(2, "second", service="risk-manager", code="max_position"))
    return made


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_all_logs_are_shown_in_the_order_of_time(layout: Layout, capsys: pytest.CaptureFixture[str]):
    follow_logs(log_files(layout, None), tail=10, follow=False)
    assert shown(capsys) == [
        "2026-01-05T04:00:01Z INFO     api: service started port=1",
        "2026-01-05T04:00:02Z INFO     paper.risk-manager: second code=max_position",
        "2026-01-05T04:00:03Z INFO     api: third",
    ]


def test_only_the_end_of_each_is_shown(layout: Layout, capsys: pytest.CaptureFixture[str]):
    follow_logs(log_files(layout, "api"), tail=1, follow=False)
    assert shown(capsys) == ["2026-01-05T04:00:03Z INFO     api: third"]
    follow_logs(log_files(layout, "api"), tail=0, follow=False)
    assert shown(capsys) == []


def test_a_line_that_is_no_json_is_shown_as_it_is(layout: Layout, capsys: pytest.CaptureFixture[str]):
    (layout.logs / "kafka.log").write_text("[main] INFO started\n[1, 2]\n")
    follow_logs(log_files(layout, "kafka"), tail=5, follow=False)
    assert shown(capsys) == ["kafka: [main] INFO started", "kafka: [1, 2]"]


def test_an_unknown_service_is_told_with_the_logs_that_there_are(layout: Layout, tmp_path: Path):
    with pytest.raises(InputError, match="no log of portfolio") as refused:
        log_files(layout, "portfolio")
    assert refused.value.remedy == "logs here: api, paper.risk-manager"
    with pytest.raises(InputError) as nothing:
        log_files(Layout(tmp_path / "nowhere"), None)
    assert nothing.value.remedy == "logs here: none yet"


class EnoughError(Exception):
    """The test has seen what it wanted."""


def following(layout: Layout, monkeypatch: pytest.MonkeyPatch, *steps: object) -> None:
    """Follow the API's log; each step happens between two looks at it."""
    left = list(steps)

    class Time:
        @staticmethod
        def sleep(_: float) -> None:
            if not left:
                raise EnoughError
            step = left.pop(0)
            assert callable(step)
            step()

    monkeypatch.setattr(follow, "time", Time)
    with pytest.raises(EnoughError):
        follow_logs(log_files(layout, "api"), tail=0, follow=True)


def test_new_lines_are_shown_whole_as_they_come(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    log = layout.logs / "api.log"
    whole = line(4, "fourth")

    def append(text: str) -> None:
        with log.open("a") as file:
            file.write(text)

    following(layout, monkeypatch, lambda: append(whole[:20]), lambda: append(whole[20:]), lambda: append(line(5, "5")))
    assert shown(capsys) == ["2026-01-05T04:00:04Z INFO     api: fourth", "2026-01-05T04:00:05Z INFO     api: 5"]


def test_a_log_that_was_put_aside_and_begun_anew_is_followed_from_its_beginning(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    log = layout.logs / "api.log"

    def put_aside() -> None:
        log.rename(layout.logs / "api.old.log")

    following(layout, monkeypatch, put_aside, lambda: log.write_text(line(6, "anew")))
    assert shown(capsys) == ["2026-01-05T04:00:06Z INFO     api: anew"]
