"""Locks on a data directory and on the cache, and what is told to whoever has to wait for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alpha_panda.errors import UnavailableError
from alpha_panda.local.layout import Layout
from alpha_panda.local.progress import Progress
from alpha_panda.runtime.file_lock import FileLock

EXIT_IN_USE = 3
"""Exit code of a supervisor whose data directory another one serves."""


def in_use(layout: Layout, lock: Path) -> UnavailableError:
    """What to tell somebody whose data directory is served already, by the holder of `lock`."""
    msg = f"the data directory {layout.root} is in use by process {FileLock(lock).holder()}"
    return UnavailableError(msg, remedy="stop it with `panda down`, or choose another one with --data-dir")


@contextmanager
def exclusive(path: Path, progress: Progress, waiting_for: str) -> Iterator[None]:
    """Hold the lock at `path` for a block, telling the person when another process has to end first."""
    lock = FileLock(path)
    if not lock.try_acquire():
        progress(f"waiting for process {lock.holder()}, which is {waiting_for}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
