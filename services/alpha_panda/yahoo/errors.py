"""What goes wrong between us and Yahoo, by what a caller does about it."""

from __future__ import annotations

from alpha_panda.errors import PandaError, UnavailableError


class LimitedError(PandaError):
    """Yahoo says that it was asked too much; ask again after a pause."""


class SilenceError(UnavailableError):
    """Yahoo does not answer, or not as it should; asking again may help."""


class UnknownSymbolError(PandaError):
    """Yahoo does not have what was asked for; asking again does not help."""
