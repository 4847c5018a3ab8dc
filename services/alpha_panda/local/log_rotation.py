"""Keeps the log files of a run small while their processes go on writing to them.

A process appends to a file that the supervisor opened, so the file stays: what it holds is copied aside and it is
emptied, and the process goes on at its beginning. A line that is written in between is lost, and no other.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from alpha_panda.local.layout import Layout
from alpha_panda.runtime.settings import LogSettings

_MEGABYTE = 1024 * 1024


def rotate_logs(layout: Layout, settings: LogSettings) -> tuple[Path, ...]:
    """Put aside every log that is larger than it may be; those files.

    Raises:
        OSError: the disk is full, or a folder cannot be written; the log goes on growing.
    """
    limit = settings.file_megabytes * _MEGABYTE
    large = [log for log in sorted(layout.logs.glob("*.log")) if log.stat().st_size > limit]
    for log in large:
        _put_aside(log, settings.files)
    return tuple(large)


def _put_aside(log: Path, files: int) -> None:
    for number in range(files - 1, 0, -1):
        older = _aside(log, number)
        if older.exists():
            older.replace(_aside(log, number + 1))
    if files:
        newest = _aside(log, 1)
        shutil.copyfile(log, newest)
        newest.chmod(0o600)
    with log.open("r+b") as file:
        file.truncate(0)
    surplus = files + 1
    while (path := _aside(log, surplus)).exists():
        path.unlink()
        surplus += 1


def _aside(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
