"""Showing log files: the last lines of each, then new ones as they come."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from alpha_panda.errors import InputError
from alpha_panda.local.layout import Layout

_POLL_SECONDS = 0.2
_FIRST = ("timestamp", "level", "event", "service", "broker", "task")


def log_files(layout: Layout, wanted: str | None) -> list[Path]:
    """The logs whose name contains `wanted`; raises InputError that names the logs where there is none."""
    every = sorted(layout.logs.glob("*.log")) if layout.logs.is_dir() else []
    found = [path for path in every if wanted is None or wanted in path.stem]
    if not found:
        known = ", ".join(path.stem for path in every) or "none yet"
        raise InputError(f"no log of {wanted or layout.root}", remedy=f"logs here: {known}")
    return found


def follow_logs(files: Sequence[Path], *, tail: int, follow: bool) -> None:
    """Print the end of each file, by time where lines have one; with `follow`, go on until interrupted."""
    positions = {path: path.stat().st_size for path in files}
    lines = [(path.stem, line) for path in files for line in _last(path, tail)]
    for name, line in sorted(lines, key=lambda each: _time(each[1])):
        _print(name, line)
    while follow:
        for path in files:
            for line in _since(path, positions):
                _print(path.stem, line)
        sys.stdout.flush()
        time.sleep(_POLL_SECONDS)


def _last(path: Path, count: int) -> list[str]:
    return path.read_text(errors="replace").splitlines()[-count:] if count > 0 else []


def _since(path: Path, positions: dict[Path, int]) -> Iterator[str]:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        positions[path] = 0  # it was put aside, and the next process has not begun a new one yet
        return
    if size < positions[path]:
        positions[path] = 0
    if size == positions[path]:
        return
    with path.open("rb") as log:
        log.seek(positions[path])
        whole, _, _ = log.read().rpartition(b"\n")
    positions[path] += len(whole) + 1 if whole else 0
    yield from whole.decode(errors="replace").splitlines()


def _time(line: str) -> str:
    entry = _entry(line)
    return str(entry.get("timestamp", "")) if entry else ""


def _entry(line: str) -> dict[str, object] | None:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return None
    return entry if isinstance(entry, dict) else None


def _print(name: str, line: str) -> None:
    entry = _entry(line)
    if entry is None:
        sys.stdout.write(f"{name}: {line}\n")
        return
    rest = " ".join(f"{key}={value}" for key, value in entry.items() if key not in _FIRST)
    said = f"{entry.get('timestamp', '')} {str(entry.get('level', '')).upper():8} {name}: {entry.get('event', '')}"
    sys.stdout.write(f"{said} {rest}".rstrip() + "\n")
