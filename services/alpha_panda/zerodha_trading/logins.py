"""Where the login at Zerodha is found; another one than before means that somebody has logged in again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec

from alpha_panda.zerodha.errors import SealError
from alpha_panda.zerodha.session import Session, judge
from alpha_panda.zerodha.session_store import SessionStore
from alpha_panda.zerodha_trading.gateway import Login


class Logins(Protocol):
    """Who knows the present login."""

    async def current(self) -> Login | None:
        """The login, None where there is none; raises TransientError where that cannot be found out now."""

    async def refused(self, login: Login) -> None:
        """The exchange refuses it: it is over for everybody. Raises as `current`."""


class StoredLogins:
    """The login in the Broker's own schema, as `panda zerodha login` keeps it."""

    def __init__(self, store: SessionStore) -> None:
        """Nothing was read."""
        self._store = store
        self._session: Session | None = None

    async def current(self) -> Login | None:
        """The login while it is valid; one that does not open is none."""
        try:
            self._session = session = await self._store.load()
        except SealError:
            return None
        if session is None or not judge(session, datetime.now(UTC)).state.is_valid:
            return None
        return Login(api_key=session.api_key, access_token=session.access_token, account=session.user_id)

    async def refused(self, login: Login) -> None:
        """Say so where all others see it."""
        session = self._session
        if session is not None and session.access_token == login.access_token:
            await self._store.refused(session, datetime.now(UTC))


class FileLogins:
    """A login in a file that only this service can read, such as a mounted Secret; it is read again each time."""

    def __init__(self, path: Path) -> None:
        """`path` holds JSON: api_key, access_token, account."""
        self._path = path

    async def current(self) -> Login | None:
        """What stands there now; a file that is just being written is none."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Login)
        except (OSError, msgspec.DecodeError):
            return None

    async def refused(self, login: Login) -> None:
        """Whoever writes the file finds out by himself."""


class NoLogins:
    """Nobody has said where a login is."""

    async def current(self) -> Login | None:
        """There is none."""
        return None

    async def refused(self, login: Login) -> None:
        """There was none."""
