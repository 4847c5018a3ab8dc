"""What goes wrong between us and Zerodha, by what a person does about it."""

from __future__ import annotations

from alpha_panda.errors import PandaError


class ZerodhaError(PandaError):
    """Something about the account, its login or the exchange's answers."""


class LoginRefusedError(ZerodhaError):
    """Zerodha did not take the key, the secret or the request token; a person must look."""


class SessionMissingError(ZerodhaError):
    """There is no valid login: nothing is asked of the exchange until somebody logs in."""


class SealError(ZerodhaError):
    """What is kept of the login does not open with the key that was given."""


class ReplyError(ZerodhaError):
    """An answer that cannot be what was asked for: too large, malformed, of another day."""
