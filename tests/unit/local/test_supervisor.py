"""A run has one supervisor, and only that one speaks for it."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from alpha_panda.local.layout import Layout
from alpha_panda.local.locks import EXIT_IN_USE
from alpha_panda.local.status_file import load_status
from alpha_panda.local.supervisor import Supervisor
from alpha_panda.runtime.file_lock import FileLock


async def test_a_second_supervisor_says_whose_the_run_is_and_leaves_its_status_alone(tmp_path: Path):
    layout = Layout(tmp_path / "data")
    layout.create()
    first = FileLock(layout.supervisor_lock)
    assert first.try_acquire()
    with capture_logs() as said:
        assert await Supervisor(layout).run() == EXIT_IN_USE
    assert said[0]["reason"] == f"the data directory {layout.root} is in use by process {first.holder()}"
    assert load_status(layout) is None
    first.release()
