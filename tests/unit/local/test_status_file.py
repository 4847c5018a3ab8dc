"""What the supervisor says of itself, and whether it is still there to say it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from alpha_panda.local.identity import own_start_time, start_time
from alpha_panda.local.layout import Layout
from alpha_panda.local.status_file import (
    Phase,
    PlatformStatus,
    ServiceState,
    ServiceStatus,
    StoreStatus,
    load_status,
    save_status,
)

STATUS = PlatformStatus(
    pid=os.getpid(),
    started=own_start_time(),
    phase=Phase.SERVING,
    api_port=8080,
    services=(ServiceStatus(name="api", state=ServiceState.RUNNING, pid=1, restarts=0, port=2),),
    stores=(StoreStatus(name="redis", state=ServiceState.BACK_OFF, pid=None, restarts=3, reason="killed"),),
)


def test_a_status_is_read_as_it_was_saved(tmp_path: Path):
    layout = Layout(tmp_path / "data")
    layout.create()
    assert load_status(layout) is None
    save_status(layout, STATUS)
    assert load_status(layout) == STATUS


def test_a_status_is_alive_as_long_as_its_very_process_is():
    assert STATUS.alive
    assert not msgspec.structs.replace(STATUS, started=STATUS.started + 1).alive, "the process id was used again"


def test_a_dead_process_that_nobody_buried_has_no_start_time():
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    pid = child.pid
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert start_time(pid) is None
    child.wait()
    assert start_time(pid) is None


def test_a_living_supervisor_that_writes_nothing_is_silent():
    now = time.monotonic()
    fresh, old = (msgspec.structs.replace(STATUS, written=now - age) for age in (1.0, 60.0))
    assert fresh.silent_seconds == 0
    assert old.silent_seconds >= 60
    assert msgspec.structs.replace(old, started=STATUS.started + 1).silent_seconds == 0, "it is dead"
