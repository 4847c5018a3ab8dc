"""A lock between processes: a file that one process at a time may hold.

The kernel lets go of such a lock when its holder dies, however it dies, so none is ever left behind.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from alpha_panda.errors import UnavailableError

_PRIVATE = 0o600


class FileLock:
    """An exclusive lock on `path`; the file holds the process id of its holder."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened yet."""
        self._path = path
        self._descriptor: int | None = None

    def try_acquire(self) -> bool:
        """Take the lock if it is free; True where this object now holds it."""
        return self._acquire(fcntl.LOCK_EX | fcntl.LOCK_NB)

    def acquire(self) -> None:
        """Take the lock, waiting for whoever holds it."""
        self._acquire(fcntl.LOCK_EX)

    def release(self) -> None:
        """Let go; without effect where the lock is not held."""
        if self._descriptor is None:
            return
        # Forgotten before it is free: another thread that waits with this object notes its own at once.
        descriptor, self._descriptor = self._descriptor, None
        os.close(descriptor)

    def holder(self) -> int | None:
        """The process id that the last holder wrote, None where there is none."""
        try:
            written = self._path.read_text().strip()
        except FileNotFoundError:
            return None
        return int(written) if written.isdigit() else None

    def _acquire(self, operation: int) -> bool:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        try:
            fcntl.flock(descriptor, operation)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError as error:
            os.close(descriptor)
            msg = f"cannot lock {self._path}: {error.strerror}"
            raise UnavailableError(msg, remedy="use a local file system that supports locks") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return True
