"""No call into a strategy takes more than its share of time and memory, or takes the runner with it for good."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.unit.strategy_runner.watched_calls import HANG_SECONDS, LIMITS

from alpha_panda.strategy_runner.tick_watch import GIVEN_UP

ROOT = Path(__file__).parents[3]
MEBIBYTE = 1024 * 1024


def life(notes: Path, *calls: str) -> tuple[list[dict[str, Any]], int]:
    """A life of a runner that makes these calls: what became of each, and how it ended."""
    path = os.pathsep.join(str(ROOT / each) for each in ("services", "strategies", "."))
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.unit.strategy_runner.watched_calls", str(notes), *calls],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def kinds(made: list[dict[str, Any]]) -> list[str]:
    return [each["verdict"]["kind"] if each["verdict"] else str(each["result"]) for each in made]


def test_calls_in_time_are_left_alone_and_every_exception_is_a_verdict(tmp_path: Path) -> None:
    made, code = life(tmp_path, "fine", "busy_for_a_while", "raises", "leaves", "nonsense", "fine")
    assert kinds(made) == ["fine", "fine", "raised", "raised", "nonsense", "fine"]
    assert code == 0
    raised = made[2]["verdict"]
    assert raised["reason"] == "ZeroDivisionError: nothing to divide by"
    assert raised["evidence"].startswith("watched_calls.py:")
    assert raised["evidence"].endswith('in raises: raise ZeroDivisionError("nothing to divide by")')
    assert made[3]["verdict"]["reason"] == "SystemExit: 3"


def test_a_call_in_a_process_that_was_stopped_meanwhile_is_not_blamed(tmp_path: Path) -> None:
    assert kinds(life(tmp_path, "fine", "is_stopped_for_a_while", "fine")[0]) == ["fine"] * 3


@pytest.mark.parametrize("bad", ["loops", "sleeps", "swallows_once", "slow_in_c"])
def test_a_call_out_of_time_is_interrupted_and_the_next_one_is_made(tmp_path: Path, bad: str) -> None:
    made, code = life(tmp_path, "fine", bad, "idle", "fine", bad)
    assert (kinds(made), code) == (["fine", "time", "fine", "time"], 0)
    assert f"allowed: {LIMITS.milliseconds} ms" in made[1]["verdict"]["reason"]


@pytest.mark.parametrize("bad", ["allocates", "allocates_small"])
def test_a_call_that_allocates_without_end_fails_and_gives_its_memory_back(tmp_path: Path, bad: str) -> None:
    made, code = life(tmp_path, "fine", bad, "fine")
    assert code == 0
    assert kinds(made) in (["fine", "memory", "fine"], ["fine", "time", "fine"])
    assert made[2]["resident"] - made[0]["resident"] < 8 * MEBIBYTE


def test_memory_that_runs_out_says_by_how_many_bytes_the_call_grew(tmp_path: Path) -> None:
    [made], _ = life(tmp_path, "allocates")
    grown = int(made["verdict"]["reason"].split("grew by ")[1].split()[0])
    assert 0.9 * LIMITS.growth_bytes < grown <= LIMITS.growth_bytes


def test_a_call_that_swallows_every_interruption_ends_the_process_and_is_not_made_again(tmp_path: Path) -> None:
    made, code = life(tmp_path, "swallows_all@e1", "fine")
    assert (made, code) == ([], GIVEN_UP)
    made, code = life(tmp_path, "fine@e1", "swallows_all@e1", "fine")
    assert (kinds(made), code) == (["fine", "time", "fine"], 0)
    assert "swallowed 20 interruptions" in made[1]["verdict"]["reason"]


def test_a_strategy_that_ended_the_process_gets_no_second_chance_on_another_instrument(tmp_path: Path) -> None:
    life(tmp_path, "swallows_all#1@e1")
    made, code = life(tmp_path, "swallows_all#2@e2", "swallows_all#1@e1", "fine")
    assert (kinds(made), code) == (["time", "time", "fine"], 0)
    assert made[0]["verdict"]["reason"].startswith("elsewhere it swallowed")
    assert made[1]["verdict"]["reason"].startswith("it swallowed")


def test_a_call_that_never_comes_back_from_c_is_ended_by_the_kernel_and_not_made_again(tmp_path: Path) -> None:
    made, code = life(tmp_path, "fine@e1", "never_back_from_c@e2")
    assert (kinds(made), code) == (["fine"], -signal.SIGPROF), f"ended after {HANG_SECONDS} s of processor time"
    made, code = life(tmp_path, "never_back_from_c@e2", "fine")
    assert (kinds(made), code) == (["time", "fine"], 0)
    assert "in never_back_from_c" in made[0]["verdict"]["evidence"]


@pytest.mark.parametrize("bad", ["exits", "dies"])
def test_the_second_death_in_a_row_in_the_same_call_about_the_same_event_is_a_verdict(tmp_path: Path, bad: str) -> None:
    for _ in range(2):
        made, code = life(tmp_path, "fine@e1", f"{bad}@e2", "fine")
        assert (kinds(made), code) == (["fine"], 0 if bad == "exits" else -signal.SIGKILL)
    made, code = life(tmp_path, "fine@e1", f"{bad}@e2", "fine")
    assert (kinds(made), code) == (["fine", "crash", "fine"], 0)
    assert made[1]["verdict"]["cause"] == "e2"


def test_a_death_that_is_followed_by_a_good_life_proves_nothing(tmp_path: Path) -> None:
    life(tmp_path, "dies@e1")
    assert kinds(life(tmp_path, "fine@e1")[0]) == ["fine"]
    assert life(tmp_path, "dies@e1")[1] == -signal.SIGKILL
    assert life(tmp_path, "dies@e2")[1] == -signal.SIGKILL, "another event: not the same call"
    assert life(tmp_path, "dies@e2")[1] == -signal.SIGKILL, "the second one in a row"
    assert kinds(life(tmp_path, "dies@e2")[0]) == ["crash"]


def test_five_deaths_in_a_row_in_calls_of_one_strategy_are_a_verdict_on_the_last(tmp_path: Path) -> None:
    for number in range(5):
        assert life(tmp_path, f"dies@e{number}")[1] == -signal.SIGKILL
    [made], code = life(tmp_path, "dies@e4")
    assert (made["verdict"]["kind"], code) == ("crash", 0)
    assert "5 times in a row" in made["verdict"]["reason"]
