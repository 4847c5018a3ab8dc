"""Where a run keeps its files: one data directory (`.panda/` by default) and everything under it.

Two runs at once are two data directories; nothing outside is shared but the cache of programs. Only
PostgreSQL's files of a run started by root lie elsewhere, because PostgreSQL refuses to run as root
and the data directory is closed to other users; `postgres` is then a link to them.
"""

from __future__ import annotations

import errno
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alpha_panda.errors import InputError, UnavailableError

_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_FULL = 1024 * 1024
_MARK = "alpha-panda-data"
_FORMAT = "1"


@dataclass(frozen=True)
class Layout:
    """The paths of one run under `root`; `create()` makes them, readable by their owner alone."""

    root: Path

    def __post_init__(self) -> None:
        """Make the root absolute, so that a later change of directory does not move the run."""
        object.__setattr__(self, "root", self.root.expanduser().absolute())

    @property
    def kafka(self) -> Path:
        """Kafka's configuration and records."""
        return self.root / "kafka"

    @property
    def redis(self) -> Path:
        """Redis' configuration, users and append-only file."""
        return self.root / "redis"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's files: a folder, or for root a link to a folder of PostgreSQL's own user."""
        return self.root / "postgres"

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """Generated passwords, one file each."""
        return self.root / "secrets"

    @property
    def run(self) -> Path:
        """What is running now: a file per process with its id."""
        return self.root / "run"

    @property
    def ports(self) -> Path:
        """The ports that were chosen at the first start."""
        return self.root / "ports.json"

    @property
    def lock(self) -> Path:
        """Held by the process that runs the stores of this run."""
        return self.root / "lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor of this run for as long as it lives."""
        return self.run / "supervisor.lock"

    def create(self) -> None:
        """Make all folders, 0700; without effect where they exist.

        Raises InputError where `root` holds files that are not a run's, UnavailableError where it
        cannot be written.
        """
        self._refuse_foreign()
        try:
            self.root.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            self.root.chmod(_PRIVATE_FOLDER)
            (self.root / _MARK).write_text(f"{_FORMAT}\n")
            for folder in (self.kafka, self.redis, self.logs, self.secrets, self.run):
                folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            msg = f"the data directory {self.root} cannot be written: {error.strerror}"
            raise UnavailableError(msg, remedy="choose another one with --data-dir, or make room or rights") from error

    def secret(self, name: str) -> str:
        """The secret `name` of this run: 256 random bits, made when it is first asked for."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32))
        return path.read_text().strip()

    def remove(self) -> None:
        """Delete the run with all it has recorded; nothing of it may be running."""
        if not self.root.exists():
            return
        self._refuse_foreign()
        if self.postgres.is_symlink():
            target = self.postgres.resolve()
            if target.exists():
                shutil.rmtree(target)
        shutil.rmtree(self.root)

    def _refuse_foreign(self) -> None:
        if not self.root.exists():
            return
        if not self.root.is_dir():
            msg = f"the data directory {self.root} is a file"
            raise InputError(msg, remedy="name a folder")
        if not (self.root / _MARK).exists() and any(self.root.iterdir()):
            msg = f"{self.root} is not empty and is not a data directory of Alpha Panda"
            raise InputError(msg, remedy="name an empty folder, or one that does not exist yet")


def disk_note(path: Path) -> str:
    """Words to put behind a reason where the disk of `path` is full, which then most likely is the cause."""
    try:
        free = shutil.disk_usage(path).free
    except OSError:
        return ""
    return f"; the disk of {path} is full: make room" if free < _FULL else ""


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone may read, whole or not at all; raises UnavailableError where it cannot be."""
    half = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        half.touch(mode=_PRIVATE_FILE, exist_ok=False)
        half.write_text(text)
        half.replace(path)
    except OSError as error:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> UnavailableError:
    """What a full disk, a missing right or a read-only mount means for the person who can mend it."""
    msg = f"{path} cannot be written: {error.strerror or error}"
    remedy = "make room on its disk" if error.errno in _NO_ROOM else "give this user the right to write there"
    return UnavailableError(msg, remedy=f"{remedy}; what waits for it goes on by itself")
