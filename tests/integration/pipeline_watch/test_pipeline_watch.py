"""A stage that is stopped, and a feed that falls silent, are named by `panda status` within seconds."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from tests.integration.panda_command import ROOT, Panda

pytestmark = [pytest.mark.operations, pytest.mark.long, pytest.mark.timeout(400)]

SETTINGS = """\
watch:
  stale_feed_seconds: 3
  no_progress_seconds: 2
"""
BROKER = """\
apiVersion: alphapanda.io/v1alpha1
kind: Broker
metadata: {name: paper}
spec: {type: Paper}
"""
_PATIENCE_SECONDS = 20.0
_POLL_SECONDS = 0.3
Problems = set[tuple[str, str]]


@dataclass(frozen=True)
class Watched:
    """A platform, by what its status says."""

    panda: Panda

    def status(self) -> tuple[int, list[dict[str, Any]]]:
        """The exit code and all services."""
        said = self.panda.run("status", "-o", "json", check=False)
        return said.returncode, json.loads(said.stdout)

    def problems(self) -> Problems:
        """Each problem as (code, subject); the exit code must say the same."""
        code, services = self.status()
        found = {(each["code"], each["subject"]) for service in services for each in service["findings"]}
        assert code == 1 or not found
        return found

    def until(self, holds: Callable[[Problems], bool]) -> Problems:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not holds(found := self.problems()):
            assert time.monotonic() < deadline, f"after {_PATIENCE_SECONDS:g} s the problems are {found}"
            time.sleep(_POLL_SECONDS)
        return found

    def is_well(self) -> None:
        self.until(lambda found: not found)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """The service's process is stopped meanwhile: it lives and does nothing."""
        _, services = self.status()
        pid = next(each["pid"] for each in services if each["name"] == name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("pipeline-watch")
    (folder / "settings.yaml").write_text(SETTINGS)
    (folder / "broker.yaml").write_text(BROKER)
    panda = Panda(folder / "data")
    try:
        given = ("-f", str(folder / "broker.yaml"), "--config", str(folder / "settings.yaml"))
        panda.run("up", *given, "--synthetic", "5", "--rate", "100")
        yield Watched(panda)
    finally:
        panda.down()
        panda.run("reset", "-y", check=False)


def test_a_stopped_stage_is_named_with_since_when_until_it_goes_on(watched: Watched) -> None:
    watched.is_well()
    with watched.stopped("bar-builder"):
        assert watched.until(bool) == {("not_answering", "bar-builder")}
        said = watched.panda.run("status", check=False)
        assert said.returncode == 1
        line = next(line for line in said.stdout.splitlines() if line.startswith("PROBLEM"))
        assert line.startswith("PROBLEM bar-builder: not_answering since ")
        assert line.endswith("(panda logs bar-builder)")
        checks = json.loads(watched.panda.run("doctor", "-o", "json", check=False).stdout)
        assert any(each["check"] == "pipeline" and each["level"] == "failed" for each in checks)
    watched.is_well()


def test_a_market_that_falls_silent_in_its_session_is_stale_until_ticks_come_again(watched: Watched) -> None:
    watched.is_well()
    with watched.stopped("market-feed"):
        watched.until(lambda found: found == {("not_answering", "market-feed"), ("stale_feed", "market")})
    watched.is_well()


def test_in_a_replay_the_stages_that_wait_name_the_one_at_fault_and_the_end_is_no_silence(watched: Watched) -> None:
    watched.panda.run("up", "--again", "--replay", str(ROOT / "examples" / "market"), "--speed", "300")
    watched.is_well()
    with watched.stopped("bar-builder"):
        watched.until(lambda found: ("no_progress", "strategy-runner") in found)
        _, services = watched.status()
        found = [each for service in services for each in service["findings"]]
        runner = next(each for each in found if each["subject"] == "strategy-runner")
        assert [name.partition("/")[0] for name in runner["waits_for"]] == ["bar-builder"]
        assert not [each for each in found if each["code"] == "stale_feed"], "the feed may not move"
    watched.is_well()
    watched.panda.run("up", "--speed", "max", "--wait")
    ended = time.monotonic()
    while time.monotonic() < ended + 6:
        assert watched.problems() == set()
