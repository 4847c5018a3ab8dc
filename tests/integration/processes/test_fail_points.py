"""Fail-points: off unless asked for, once each, and only where the file says."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from alpha_panda.errors import InputError
from alpha_panda.runtime.fail_points import NO_FAIL_POINTS, FailPoint, FailPoints

PASSING = """
import sys
from pathlib import Path
from alpha_panda.runtime.fail_points import FailPoint, FailPoints
points = FailPoints(Path(sys.argv[1]), "risk-manager")
for passing in range(5):
    print(passing, flush=True)
    points.reached(FailPoint.BEFORE_COMMIT)
"""


def run_through(folder: Path) -> subprocess.CompletedProcess[str]:
    """A process that comes by one point five times."""
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PASSING, str(folder)], capture_output=True, text=True, check=False
    )


def live(folder: Path) -> tuple[int, list[str]]:
    """How such a process ended and what it printed, a line a passing."""
    done = run_through(folder)
    return done.returncode, [line for line in done.stdout.splitlines() if line.isdecimal()]


def test_nothing_happens_where_no_point_is_armed(tmp_path: Path) -> None:
    assert live(tmp_path) == (0, ["0", "1", "2", "3", "4"])


def test_an_armed_point_kills_at_the_passing_that_was_asked_for_and_spares_the_next_life(tmp_path: Path) -> None:
    (tmp_path / "risk-manager.before_commit").write_text("kill 3")

    assert live(tmp_path) == (-signal.SIGKILL, ["0", "1", "2"])
    assert live(tmp_path) == (0, ["0", "1", "2", "3", "4"])


def test_the_dying_process_says_where_it_dies(tmp_path: Path) -> None:
    (tmp_path / "risk-manager.before_commit").write_text("kill")

    ended = run_through(tmp_path)
    said = json.loads(ended.stderr)
    assert (said["event"], said["point"], said["action"]) == ("fail-point", "before_commit", "kill")


@pytest.mark.parametrize("name", ["portfolio.before_commit", "risk-manager.after_commit"])
def test_the_point_of_another_service_or_place_is_passed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("kill")

    assert live(tmp_path)[0] == 0


@pytest.mark.parametrize("text", ["explode", "kill never", ""])
def test_an_order_that_means_nothing_is_refused_and_not_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / "feed.after_mark").write_text(text)

    with pytest.raises(InputError, match="says"):
        FailPoints(tmp_path, "feed").reached(FailPoint.AFTER_MARK)


def test_who_is_no_service_has_no_points() -> None:
    for point in FailPoint:
        NO_FAIL_POINTS.reached(point)
