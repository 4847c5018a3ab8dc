"""The operator as a process of its own."""

from __future__ import annotations

import json
import math
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from alpha_panda.local.ports import HOST


@dataclass
class Operator:
    """One process."""

    process: subprocess.Popen[bytes]
    log: Path
    identity: str
    port: int
    is_wanted: bool = True
    """Whether the test has not ended it; a cluster would start one anew that ends by itself."""

    def kill(self) -> None:
        """End it at once."""
        self.is_wanted = False
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, and wait; its exit code."""
        self.is_wanted = False
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def ask(self, path: str) -> httpx.Response:
        """What it answers at its own port."""
        return httpx.get(f"http://{HOST}:{self.port}{path}", timeout=5)

    def metric(self, name: str) -> float:
        """The value of a metric without labels; not a number while it answers nobody."""
        try:
            lines = self.ask("/metrics").text.splitlines()
        except httpx.TransportError:
            return math.nan
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it has logged."""
        found = []
        for line in self.log.read_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"level": "none", "event": line})
        return found
