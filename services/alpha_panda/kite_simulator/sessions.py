"""Who may call the simulator: logins, request tokens that are good once, access tokens until 06:00 in India."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, time, timedelta
from typing import Final

import msgspec

from alpha_panda.domain.calendar import IST
from alpha_panda.kite_simulator.clock import SimulatedClock
from alpha_panda.kite_simulator.refusals import ErrorType, KiteRefusal

FLUSH: Final = time(6, 0)
"""When all tokens end, in India."""
REQUEST_TOKEN_LIFE: Final = timedelta(minutes=3)


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """The one account: its user, and the key and secret of its app."""

    user_id: str = "AB1234"
    api_key: str
    api_secret: str


class Sessions:
    """The account's logins."""

    def __init__(self, keys: Keys, clock: SimulatedClock) -> None:
        """Nobody is logged in."""
        self.keys = keys
        self._clock = clock
        self._requested: dict[str, datetime] = {}
        self._used: set[str] = set()
        self._active: dict[str, datetime] = {}

    def log_in(self, api_key: str) -> str:
        """The person has logged in on the page: a request token for the app."""
        if api_key != self.keys.api_key:
            raise KiteRefusal(ErrorType.INPUT, "Invalid `api_key`.")
        token = secrets.token_hex(16)
        self._requested[token] = self._clock.now() + REQUEST_TOKEN_LIFE
        return token

    def exchange(self, api_key: str, request_token: str, checksum: str) -> str:
        """A request token for an access token; the one before ends with it."""
        if api_key != self.keys.api_key:
            raise KiteRefusal(ErrorType.TOKEN, "Invalid `api_key`.")
        expected = hashlib.sha256(f"{api_key}{request_token}{self.keys.api_secret}".encode()).hexdigest()
        if not hmac.compare_digest(expected, checksum):
            raise KiteRefusal(ErrorType.TOKEN, "Invalid `checksum`.")
        until = self._requested.pop(request_token, None)
        if until is None or until <= self._clock.now():
            raise KiteRefusal(ErrorType.TOKEN, "Token is invalid or has expired.")
        self._active.clear()
        token = secrets.token_hex(16)
        self._active[token] = next_flush(self._clock.now())
        return token

    def end(self, access_token: str | None = None) -> None:
        """Log out; without a token everybody."""
        if access_token is None:
            self._active.clear()
        else:
            self._active.pop(access_token, None)

    def is_valid(self, api_key: str, access_token: str) -> bool:
        """Whether a caller may come in."""
        until = self._active.get(access_token)
        return api_key == self.keys.api_key and until is not None and self._clock.now() < until

    def require(self, authorization: str | None) -> None:
        """Refuse a caller without a valid token."""
        key, _, token = (authorization or "").removeprefix("token ").partition(":")
        if not self.is_valid(key, token):
            raise KiteRefusal(ErrorType.TOKEN, "Incorrect `api_key` or `access_token`.")


def next_flush(now: datetime) -> datetime:
    """The next 06:00 in India after a moment."""
    here = now.astimezone(IST)
    today = datetime.combine(here.date(), FLUSH, IST)
    return today if here < today else today + timedelta(days=1)
