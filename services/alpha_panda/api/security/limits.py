"""How often: signing in by address and by name, changes by principal. Where Redis cannot count, the answer is no."""

from __future__ import annotations

from alpha_panda.api.security.errors import TooOftenError
from alpha_panda.api.security.principal import Principal
from alpha_panda.errors import UnavailableError
from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.rate_limits import RateLimits


class Limits:
    """The limits of one installation."""

    def __init__(self, windows: RateLimits, *, logins_per_minute: int, changes_per_minute: int) -> None:
        """`windows` counts for all replicas."""
        self._windows = windows
        self._logins = logins_per_minute
        self._changes = changes_per_minute

    async def sign_in(self, address: str, name: str) -> None:
        """Count an attempt to sign in, right or wrong.

        Raises:
            TooOftenError: of this address, or of this name.
            UnavailableError: Redis cannot count it.
        """
        await self._count(self._logins, "login-address", address)
        await self._count(self._logins, "login-name", name.lower()[:100])

    async def change(self, principal: Principal) -> None:
        """Count a change; raises as `sign_in` does."""
        await self._count(self._changes, "change", principal.name)

    async def _count(self, limit: int, *names: str) -> None:
        try:
            seconds = await self._windows.seconds_to_wait(limit, *names)
        except TransientError as error:
            raise UnavailableError(
                f"this is refused while Redis cannot count it: {error}", remedy="a halt is never counted"
            ) from error
        if seconds:
            raise TooOftenError(f"more than {limit} a minute", seconds=seconds)
