"""Kafka's download, killed in its middle: nothing half counts, and the next call just works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.integration.panda_command import ROOT

from alpha_panda.local.cache import is_intact
from alpha_panda.local.kafka_program import VERSION, pinned_jars

pytestmark = [pytest.mark.operations, pytest.mark.timeout(400)]

FETCH = "from alpha_panda.local.kafka_program import find_kafka; find_kafka(lambda line: print(line, flush=True))"


def fetching(cache: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", FETCH],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ALPHA_PANDA_CACHE": str(cache), "PYTHONPATH": str(ROOT / "services")},
    )


def test_a_download_that_is_killed_is_done_again_and_leaves_no_half_file(tmp_path: Path) -> None:
    folder = tmp_path / f"kafka-{VERSION}"
    first = fetching(tmp_path)
    deadline = time.monotonic() + 120
    while not list(folder.glob("*.part/**/*.jar")):
        if first.poll() is not None or time.monotonic() > deadline:
            first.kill()
            pytest.skip(f"Maven Central cannot be reached from here: {first.communicate()[1][-300:]}")
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert list(folder.glob("*.jar")) == [], "only what is whole and proven is let in"

    again = fetching(tmp_path)
    said, complaints = again.communicate(timeout=240)
    assert again.returncode == 0, f"{said}\n{complaints}"
    assert all(is_intact(folder, jar.file) for jar in pinned_jars())
    assert list(folder.glob("*.part")) == []
