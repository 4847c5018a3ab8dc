"""What the simulator was asked and what became of it: a line of JSON each, written through before anything answers.

A kill loses nothing that was written; no fault that the simulator plays touches it. Times are the machine's
monotonic clock, which all its processes share, so that order in time is exact, and the simulator's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alpha_panda.kite_simulator.clock import SimulatedClock

_PRIVATE = 0o600
_SECRET = frozenset({"access_token", "api_secret", "request_token", "refresh_token", "checksum"})


class Journal:
    """The file; without a path the lines are only counted and kept."""

    def __init__(self, path: Path | None, clock: SimulatedClock) -> None:
        """Go on behind what the file holds already."""
        self._clock = clock
        self._file = None if path is None else os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _PRIVATE)
        self._sequence = 0
        self.lines: list[dict[str, Any]] = []

    def note(self, what: str, **facts: object) -> int:
        """Write a line; returns its number in this life of the simulator."""
        self._sequence += 1
        line = {
            "sequence": self._sequence,
            "mono_ns": time.monotonic_ns(),
            "at": self._clock.now().isoformat(),
            "what": what,
            **facts,
        }
        self.lines.append(line)
        if self._file is not None:
            os.write(self._file, f"{json.dumps(line, separators=(',', ':'), default=str)}\n".encode())
            os.fdatasync(self._file)
        return self._sequence

    def close(self) -> None:
        """Nothing more is written."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def without_secrets(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with each secret as a short digest, so that lines can be compared and nothing is given away."""
    return {name: _digest(str(value)) if name in _SECRET else value for name, value in params.items()}


def _digest(text: str) -> str:
    return f"digest:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
