"""The login as it is kept: one row in the Broker's own schema, the token sealed with a key that the database has not.

Whoever is refused by the exchange says so here, and all others stop with it; whoever logs in again is seen here, and
all go on.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any, Final

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from alpha_panda.runtime.store_errors import postgres_errors
from alpha_panda.zerodha.errors import SealError
from alpha_panda.zerodha.session import Session

_LOAD: Final = "SELECT user_id, api_key, sealed, logged_in_at, expires_at, refused_at FROM {table}"
_SAVE: Final = """
INSERT INTO {table} (user_id, api_key, sealed, logged_in_at, expires_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (one) DO UPDATE SET user_id = excluded.user_id, api_key = excluded.api_key, sealed = excluded.sealed,
    logged_in_at = excluded.logged_in_at, expires_at = excluded.expires_at, refused_at = NULL
"""
_REFUSE: Final = "UPDATE {table} SET refused_at = $1 WHERE refused_at IS NULL AND logged_in_at = $2"
_KEY_BYTES: Final = 32


class Seal:
    """Encrypts and opens tokens."""

    def __init__(self, key: str) -> None:
        """Take 32 bytes in URL-safe base64, with or without its `=`.

        Raises:
            SealError: it is no such key.
        """
        padded = key.strip().rstrip("=") + "="
        try:
            size = len(base64.urlsafe_b64decode(padded))
        except (binascii.Error, ValueError):
            size = 0
        if size != _KEY_BYTES:
            raise SealError(
                "zerodha.session_key is not 32 bytes in URL-safe base64",
                remedy="make one with: openssl rand -base64 32 | tr '+/' '-_'",
            )
        self._fernet = Fernet(padded)

    def close(self, token: str) -> bytes:
        """The token as it is kept."""
        return self._fernet.encrypt(token.encode())

    def open(self, sealed: bytes) -> str:
        """The token; raises SealError where another key closed it, or it was changed."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SealError(
                "the login that is kept does not open with zerodha.session_key",
                remedy="log in again with `panda zerodha login`",
            ) from error


class SessionStore:
    """The row of one Broker. `database` is a pool or a connection of asyncpg, which has no usable types."""

    def __init__(self, database: Any, schema: str, seal: Seal) -> None:  # noqa: ANN401 - see above
        """Read and write in `schema`."""
        self._database = database
        quoted = schema.replace('"', '""')
        self._table = f'"{quoted}".kite_session'
        self._seal = seal

    async def load(self) -> Session | None:
        """The login, valid or not; None before the first. Raises SealError and the store's errors."""
        with postgres_errors():
            row = await self._database.fetchrow(_LOAD.format(table=self._table))
        if row is None:
            return None
        fields = dict(row)
        return Session(access_token=self._seal.open(fields.pop("sealed")), **fields)

    async def save(self, session: Session) -> None:
        """Keep a new login in place of the one before."""
        sealed = self._seal.close(session.access_token)
        values = (session.user_id, session.api_key, sealed, session.logged_in_at, session.expires_at)
        with postgres_errors():
            await self._database.execute(_SAVE.format(table=self._table), *values)

    async def refused(self, session: Session, at: datetime) -> Session:
        """The exchange refused this login, so it is over for everybody; a newer one is left alone."""
        with postgres_errors():
            await self._database.execute(_REFUSE.format(table=self._table), at, session.logged_in_at)
        return msgspec.structs.replace(session, refused_at=at)
