"""Why somebody is not let in; each becomes a problem document with its status."""

from __future__ import annotations

from alpha_panda.errors import PandaError


class NotSignedInError(PandaError):
    """Nobody knows who asks: no token, or one that is not good (401)."""


class NotAllowedError(PandaError):
    """Who asks is known and may not do it (403)."""


class TooOftenError(PandaError):
    """Asked more often than is allowed (429)."""

    def __init__(self, message: str, *, seconds: int) -> None:
        """`seconds` is how long to wait."""
        super().__init__(message, remedy=f"wait {seconds} s")
        self.seconds = seconds
