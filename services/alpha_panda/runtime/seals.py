"""A seal on a task's state: whoever opens it knows that it is the very state that was kept for this task.

A flipped bit in a stored state would still decode, to another amount of money. What does not open is not
restored: the log has it all, and rebuilds it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from alpha_panda.errors import PandaError

_FORMAT: Final = b"panda-snapshot-1\n"
"""Another one belongs to another release, whose states this one cannot know."""
_DIGEST: Final = 16


class UnreadableSnapshotError(PandaError):
    """A snapshot that is not what was kept; it is rebuilt from the log."""


def seal(state: bytes, whose: bytes) -> bytes:
    """The state, sealed under the name of its task."""
    return _FORMAT + _digest(state, whose) + state


def open_seal(sealed: bytes, whose: bytes) -> bytes:
    """The state as it was sealed under this name; raises UnreadableSnapshotError where it was not."""
    if not sealed.startswith(_FORMAT):
        raise UnreadableSnapshotError(f"it begins with {sealed[: len(_FORMAT)]!r}; this release reads {_FORMAT!r}")
    digest, state = sealed[len(_FORMAT) : len(_FORMAT) + _DIGEST], sealed[len(_FORMAT) + _DIGEST :]
    if digest != _digest(state, whose):
        raise UnreadableSnapshotError(f"its {len(state)} bytes are not those that were kept")
    return state


def _digest(state: bytes, whose: bytes) -> bytes:
    return blake2b(state, digest_size=_DIGEST, key=blake2b(whose, digest_size=32).digest()).digest()
