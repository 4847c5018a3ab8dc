"""Starts that meet another one: of the same run, of another program on its port, or of themselves, interrupted."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.live_changes.conftest import broker
from tests.integration.panda_command import ROOT, Panda

from alpha_panda.local.archive import archive_run, keep_resources
from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform
from alpha_panda.resources.documents import read_object

pytestmark = [pytest.mark.operations, pytest.mark.timeout(600)]


@pytest.fixture
def panda(tmp_path: Path) -> Iterator[Panda]:
    """A data directory of its own, gone in the end."""
    made = Panda(tmp_path / "data")
    yield made
    made.reset()


def started(panda: Panda) -> subprocess.Popen[str]:
    """`panda up` in the background."""
    words = ("up", "--synthetic", "3", "--rate", "20", "--data-dir", str(panda.data_dir))
    path = os.pathsep.join((str(ROOT / "services"), str(ROOT / "strategies")))
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "alpha_panda", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def test_two_starts_at_once_make_one_platform_that_stays(panda: Panda) -> None:
    both = [started(panda) for _ in range(2)]
    said = [each.communicate(timeout=180)[1] for each in both]
    codes = sorted(each.returncode for each in both)
    assert codes in ([0, 0], [0, 3]), said
    if codes == [0, 3]:
        refused = next(text for each, text in zip(both, said, strict=True) if each.returncode == 3)
        assert f"the data directory {panda.data_dir} is in use by process " in refused
    layout = Layout(panda.data_dir)
    Platform(layout).require_running()

    taken = json.loads(layout.ports.read_text())["api"]
    panda.run("down")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", taken))
        other.listen(1)
        again = panda.run("up")
    assert f"port {taken} for the API is in use by another program: using " in again.stderr


def test_resources_that_an_interrupted_again_has_archived_are_there_after_the_next_start(panda: Panda) -> None:
    layout = Layout(panda.data_dir)
    layout.create()
    keep_resources(layout, [read_object(broker("paper"), "test")])
    archive_run(layout)
    panda.run("up")
    assert [each["metadata"]["name"] for each in panda.json("get", "brokers")["items"]] == ["paper"]
    panda.run("delete", "broker", "paper")
    panda.run("up")
    assert panda.json("get", "brokers")["items"] == []
