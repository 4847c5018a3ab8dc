"""The cache of programs that are fetched once for all runs: `~/.cache/alpha-panda`.

A file enters the cache by one rename and only after its hash was checked against the one in the
source, so a broken download, a full disk or two processes at once leave nothing wrong behind.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from alpha_panda.errors import UnavailableError
from alpha_panda.local.locks import exclusive
from alpha_panda.local.progress import Progress

ENVIRONMENT = "ALPHA_PANDA_CACHE"
_PART = ".part"


class Pinned(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it must be."""

    name: str
    size: int
    sha256: str


def cache_folder(name: str) -> Path:
    """The cache's folder `name`, made if need be; the environment's ALPHA_PANDA_CACHE moves the cache."""
    base = os.environ.get(ENVIRONMENT)
    root = Path(base).expanduser() if base else Path.home() / ".cache" / "alpha-panda"
    folder = root.absolute() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the cache {folder} cannot be made: {error.strerror}"
        raise UnavailableError(msg, remedy=f"set {ENVIRONMENT} to a folder that you may write") from error
    return folder


def is_intact(folder: Path, pinned: Pinned) -> bool:
    """Whether the file is there and is byte for byte what it must be."""
    path = folder / pinned.name
    if not path.is_file() or path.stat().st_size != pinned.size:
        return False
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == pinned.sha256


def fill(
    folder: Path, files: tuple[Pinned, ...], fetch: Callable[[tuple[Pinned, ...], Path], None], progress: Progress
) -> None:
    """Make `folder` hold `files` intact, calling `fetch(missing, into)` for those that are not.

    One process at a time fetches into a cache. Raises UnavailableError where a fetched file is not
    what it must be.
    """
    if not _broken(folder, files):
        return
    with exclusive(folder.parent / f"{folder.name}.lock", progress, f"filling {folder}"):
        broken = _broken(folder, files)
        if not broken:
            return
        _report_damage(folder, broken, progress)
        for abandoned in folder.glob(f"*{_PART}"):
            shutil.rmtree(abandoned)
        into = folder / f"{secrets.token_hex(4)}{_PART}"
        into.mkdir()
        try:
            fetch(broken, into)
            for pinned in broken:
                _admit(pinned, into, folder)
        except OSError as error:
            msg = f"the cache {folder} cannot be written: {error.strerror or error}"
            raise UnavailableError(msg, remedy=f"make room, or set {ENVIRONMENT} to another folder") from error
        finally:
            shutil.rmtree(into, ignore_errors=True)


def _broken(folder: Path, files: tuple[Pinned, ...]) -> tuple[Pinned, ...]:
    return tuple(pinned for pinned in files if not is_intact(folder, pinned))


def _report_damage(folder: Path, broken: tuple[Pinned, ...], progress: Progress) -> None:
    damaged = [pinned.name for pinned in broken if (folder / pinned.name).exists()]
    if damaged:
        progress(f"damaged in the cache {folder}, fetching again: {', '.join(damaged)}")


def _admit(pinned: Pinned, source: Path, folder: Path) -> None:
    if not is_intact(source, pinned):
        msg = f"{pinned.name} was fetched, but it is not the file that this version of Alpha Panda was made with"
        raise UnavailableError(
            msg, remedy=f"try again; if it stays so, your package mirror serves another file (expected {pinned.sha256})"
        )
    (source / pinned.name).replace(folder / pinned.name)
