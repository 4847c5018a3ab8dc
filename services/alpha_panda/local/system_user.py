"""The user that PostgreSQL runs under where Alpha Panda was started by root.

PostgreSQL refuses root. Its files then belong to an unprivileged user of the system and lie where
that user can reach them, since neither root's folders nor the run's are opened to others.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from alpha_panda.errors import UnavailableError
from alpha_panda.local.progress import Progress

_PREFERRED = ("postgres", "nobody")
_HOMES = (Path("/var/lib/alpha-panda"), Path("/var/tmp/alpha-panda"))  # noqa: S108 - made by root, not writable by others
_PASSABLE = 0o711
_PRIVATE = 0o700
_READ, _ENTER = 0o444, 0o111


class PopenArguments(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that change the user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class SystemUser:
    """An unprivileged user by name and numbers."""

    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> PopenArguments:
        """What makes a child process run as this user, in no other group."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_run(self, program: Path) -> bool:
        """Whether this user can reach and execute `program`; tried, not guessed from modes."""
        tried = subprocess.run(  # noqa: S603 - a fixed program
            ["/usr/bin/test", "-x", str(program)], check=False, cwd="/", **self.popen_arguments()
        )
        return tried.returncode == 0

    def own_folder(self) -> Path:
        """A new private folder of this user, outside of the run; its path is for the caller to keep."""
        folder = home() / f"run-{secrets.token_hex(8)}"
        folder.mkdir(mode=_PRIVATE)
        os.chown(folder, self.uid, self.gid)
        return folder


def unprivileged_user() -> SystemUser | None:
    """The user to run PostgreSQL under; None where this process is not root's and needs none."""
    if os.geteuid() != 0:
        return None
    for name in _PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return SystemUser(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    msg = f"PostgreSQL refuses to run as root, and this system has no user {' or '.join(_PREFERRED)}"
    raise UnavailableError(msg, remedy="run as another user, or type: useradd --system --no-create-home postgres")


def home() -> Path:
    """Root's folder for what an unprivileged user must reach: anyone may pass through, nobody may list."""
    failures = []
    for folder in _HOMES:
        try:
            folder.mkdir(mode=_PASSABLE, parents=True, exist_ok=True)
            folder.chmod(_PASSABLE)
        except OSError as error:
            failures.append(f"{folder}: {error.strerror}")
            continue
        if folder.is_symlink() or folder.stat().st_uid != 0:
            failures.append(f"{folder}: not root's own folder")
            continue
        return folder
    msg = f"no folder that PostgreSQL's user could reach can be made ({'; '.join(failures)})"
    raise UnavailableError(msg, remedy="run as another user than root")


def reachable_copy(base: Path, parts: Sequence[str], name: str, progress: Progress) -> Path:
    """A folder with copies of the `parts` of `base`, where an unprivileged user can reach them; made once.

    A half-made or damaged copy is replaced.
    """
    target = home() / name
    if _same(base, parts, target):
        return target
    progress(f"copying {name} to {target}, where its user can run it")
    half = home() / f"{name}.{secrets.token_hex(4)}.part"
    half.mkdir()
    try:
        for part in parts:
            _copy(base / part, half / part)
        _open_to_readers(half)
        if target.exists():
            shutil.rmtree(target)
        half.rename(target)
    except OSError as error:
        shutil.rmtree(half, ignore_errors=True)
        if not _same(base, parts, target):
            msg = f"{base} cannot be copied to {target}: {error}"
            raise UnavailableError(msg, remedy="make room there, or run as another user than root") from error
    return target


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _open_to_readers(tree: Path) -> None:
    """Let everybody read the copied programs, whatever the modes of the originals and the umask are."""
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        path.chmod(mode | _READ | (_ENTER if path.is_dir() or mode & stat.S_IXUSR else 0))


def _same(base: Path, parts: Sequence[str], copy: Path) -> bool:
    """Whether `copy` has every file of the parts in the same size."""
    originals = [path for part in parts for path in (base / part, *(base / part).rglob("*")) if path.is_file()]
    return all(
        (copied := copy / path.relative_to(base)).is_file() and copied.stat().st_size == path.stat().st_size
        for path in originals
    )
