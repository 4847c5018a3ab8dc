"""A service that is paused at the worst moment, and a second copy of it that somebody starts by hand meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from alpha_panda.local.layout import Layout
from alpha_panda.local.status_file import ServiceStatus, load_status
from alpha_panda.runtime.fail_points import FailPoint

PATIENCE_SECONDS = 90.0
"""On a busy machine; each step takes a second or two on an idle one."""
_POLL_SECONDS = 0.02


@dataclass
class TwoCopies:
    """One service of a running platform, twice. Its fail-points are in `fail_points`."""

    layout: Layout
    name: str
    fail_points: Path
    copy: subprocess.Popen[bytes] | None = None
    paused: int | None = None
    _read: dict[str, int] = field(default_factory=dict)

    def pause(self) -> None:
        """It stops between its decision and its writes: it has just been told that it is the owner."""
        self.paused = self.supervised.pid
        order = self.fail_points / f"{self.name}.{FailPoint.BEFORE_PRODUCE}"
        half = order.with_name(f".{order.name}")
        half.write_text("stop 1")
        half.rename(order)
        wait_for(lambda: not order.exists() and self._state == "T", f"{self.name} to be paused")

    def start_copy(self) -> None:
        """What the supervisor has started, with the same environment."""
        process = Path(f"/proc/{self.paused}")
        words = [each.decode() for each in (process / "environ").read_bytes().split(b"\0") if each]
        environment = dict(each.split("=", 1) for each in words) | {"PANDA_HTTP__PORT": "0"}
        argv = [each.decode() for each in (process / "cmdline").read_bytes().split(b"\0") if each]
        with self.log.open("wb") as log:
            self.copy = subprocess.Popen(  # noqa: S603 - our own program
                argv, env=environment, cwd=self.layout.root, stdout=log, stderr=subprocess.STDOUT
            )
        wait_for(lambda: bool(self.said(self.log, "task started")), f"the copy of {self.name} to take over")

    def wake(self) -> float:
        """The paused one goes on; how many seconds later it had ended."""
        before = time.monotonic()
        os.kill(self.paused or 0, signal.SIGCONT)
        wait_for(lambda: self._state in {"Z", ""}, f"{self.name} to end")
        return time.monotonic() - before

    def stop_copy(self) -> int:
        """Whoever started the copy stops it; its exit code."""
        assert self.copy is not None
        self.copy.terminate()
        return self.copy.wait(PATIENCE_SECONDS)

    def clean_up(self) -> None:
        """Nothing of it is left running."""
        if self.copy is not None and self.copy.poll() is None:
            self.copy.kill()
            self.copy.wait()

    @property
    def supervised(self) -> ServiceStatus:
        """What the supervisor says of it."""
        status = load_status(self.layout)
        assert status is not None
        return next(each for each in status.services if each.name == self.name)

    @property
    def log(self) -> Path:
        """Where the copy writes."""
        return self.layout.root / f"copy-of-{self.name}.log"

    @property
    def first_log(self) -> Path:
        """Where the supervised ones write, one after the other."""
        return self.layout.logs / f"{self.name}.log"

    @staticmethod
    def said(log: Path, event: str) -> list[dict[str, object]]:
        """The lines of an event in a log."""
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        entries = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [entry for entry in entries if entry.get("event") == event]

    @property
    def _state(self) -> str:
        """Of the paused process: `T` stopped, `Z` dead and unburied, empty gone."""
        try:
            return Path(f"/proc/{self.paused}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            return ""


def wait_for(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS:g} s for {what}"
        time.sleep(_POLL_SECONDS)
