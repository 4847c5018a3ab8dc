"""What the API asks the supervisor beside it to do with rights that no service has: files in a folder that both know.

An errand is a file that appears whole, and its answer is another one. Whoever may write into the data directory may do
all of it anyway, so nobody gets more rights by this than he has.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec

from alpha_panda.errors import UnavailableError

_FOLDER: Final = "errands"
_ASKED, _ANSWERED = ".asked", ".answered"
_LOOK_SECONDS: Final = 0.1
_STALE_SECONDS: Final = 120.0
"""Nobody waits for such an old one any more, and nobody wants it done behind his back."""


WRITE_BACK: Final = "replay"
"""The decision on a record that is written back, among the counts of an answer."""


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """Write dead letters of a topic back to where they came from."""

    topic: str
    returned: bool = False
    """Also those that were written back before and came back."""
    id: str = msgspec.field(default_factory=lambda: uuid4().hex)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: how many records were written back, and how many there are by what was decided on them."""

    written: int = 0
    counts: dict[str, int] = {}
    problem: str = ""
    wrong: bool = False
    """Whether the problem is in what was asked for."""


async def ask(folder: Path, errand: Errand, seconds: float) -> Told:
    """Have it done.

    Raises:
        UnavailableError: nobody did it in time; it is not done later.
    """
    asked, answered = _path(folder, errand, _ASKED), _path(folder, errand, _ANSWERED)
    await asyncio.to_thread(_write, asked, msgspec.json.encode(errand))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answered.exists():
            told = msgspec.json.decode(await asyncio.to_thread(answered.read_bytes), type=Told)
            answered.unlink()
            return told
        await asyncio.sleep(_LOOK_SECONDS)
    taken = not asked.exists()
    asked.unlink(missing_ok=True)
    if taken:
        raise UnavailableError(f"the supervisor has begun, and is not done after {seconds:g} s", remedy="look again")
    raise UnavailableError(f"the supervisor did not answer within {seconds:g} s", remedy="see `panda status`")


def take(folder: Path) -> list[Errand]:
    """The errands that wait, the oldest first; they are taken, so that none is done twice."""
    waiting = sorted((path.stat().st_mtime, path) for path in (folder / _FOLDER).glob(f"*{_ASKED}"))
    found: list[Errand] = []
    for asked_at, path in waiting:
        age, text = time.time() - asked_at, path.read_bytes()
        path.unlink()
        if age < _STALE_SECONDS:
            found.append(msgspec.json.decode(text, type=Errand))
    return found


def answer(folder: Path, errand: Errand, told: Told) -> None:
    """Tell whoever asked."""
    _write(_path(folder, errand, _ANSWERED), msgspec.json.encode(told))


def _path(folder: Path, errand: Errand, ending: str) -> Path:
    return folder / _FOLDER / f"{errand.id}{ending}"


def _write(path: Path, text: bytes) -> None:
    """So that nobody reads a part of it."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    whole = path.with_suffix(".writing")
    whole.write_bytes(text)
    whole.replace(path)
