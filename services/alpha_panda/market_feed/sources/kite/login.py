"""The login as the feed sees it: looked up every second, given up at once when the exchange refuses it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from alpha_panda.runtime.errors import TransientError
from alpha_panda.zerodha.errors import SealError
from alpha_panda.zerodha.session import Session, SessionVerdict, judge

LOOK_SECONDS: Final = 1.0


class KeptLogin(Protocol):
    """Where the login is kept, as `session_store.SessionStore` is."""

    async def load(self) -> Session | None:
        """The login; None before the first."""

    async def refused(self, session: Session, at: datetime) -> Session:
        """The exchange refused it."""


class Login:
    """The valid login of this moment, if there is one, and how it stands."""

    def __init__(
        self,
        store: KeptLogin,
        ticking: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Know of none."""
        self._store = store
        self._ticking = ticking
        self._wall = wall
        self._looked_at: float | None = None
        self._session: Session | None = None
        self._sealed: str | None = None

    @property
    def verdict(self) -> SessionVerdict:
        """How the login stands now."""
        return judge(self._session, self._wall())

    @property
    def blocked(self) -> str | None:
        """Why nothing may be asked of the exchange; None where it may."""
        if self._sealed is not None:
            return self._sealed
        verdict = self.verdict
        return None if verdict.state.is_valid else verdict.message

    async def look(self) -> Session | None:
        """The login if it is valid. While the database is away the one that is known holds."""
        now = self._ticking()
        if self._looked_at is None or now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            try:
                self._session, self._sealed = await self._store.load(), None
            except SealError as error:
                self._session, self._sealed = None, f"{error}: {error.remedy}"
            except TransientError:
                pass  # the login does not end with the database; 06:00 and the exchange end it
        return self._session if self.blocked is None else None

    async def refused(self) -> None:
        """The exchange refused it: it is over at once, for everybody."""
        if self._session is None:
            return
        at = self._wall()
        refused = self._session
        self._session = Session(
            user_id=refused.user_id,
            api_key=refused.api_key,
            access_token=refused.access_token,
            logged_in_at=refused.logged_in_at,
            expires_at=refused.expires_at,
            refused_at=at,
        )
        await self._store.refused(refused, at)
