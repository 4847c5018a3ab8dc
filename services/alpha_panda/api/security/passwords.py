"""Passwords: kept as Argon2id hashes, made and compared beside the loop, a few at a time."""

from __future__ import annotations

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from alpha_panda.errors import InputError

SHORTEST: Final = 12
LONGEST: Final = 256
_KIBIBYTES: Final = 19_456
"""With two passes on one lane: what OWASP asks of Argon2id at least."""
_AT_ONCE: Final = 2
_COMMON: Final = frozenset({"passwordpassword", "123456789012", "administrator", "changemechangeme", "alphapanda123"})


class Passwords:
    """Makes and compares hashes."""

    def __init__(self) -> None:
        """A comparison with nobody's hash takes as long as one with somebody's."""
        self._hasher = PasswordHasher(time_cost=2, memory_cost=_KIBIBYTES, parallelism=1)
        self._nobody = self._hasher.hash("nobody has this password")
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, name: str, password: str) -> str:
        """The hash of a new password.

        Raises:
            InputError: it is too easy to guess.
        """
        check_password(name, password)
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one of this hash; without a hash it is not, after as much work."""
        async with self._room:
            right = await asyncio.to_thread(self._verify, kept or self._nobody, password[:LONGEST])
        return right and kept is not None

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerifyMismatchError, InvalidHashError):
            return False


def check_password(name: str, password: str) -> None:
    """Raises InputError where a password is too easy to guess."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(f"the password has {len(password)} characters; allowed are {SHORTEST} to {LONGEST}")
    if password.lower() in _COMMON or len(set(password)) < SHORTEST // 2 or name.lower() in password.lower():
        raise InputError("the password is easy to guess: it is common, repeats itself, or has the user's name in it")
