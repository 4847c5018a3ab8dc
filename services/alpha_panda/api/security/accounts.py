"""Users, their sessions, and the keys of their tokens, in PostgreSQL: the truth about who may come in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg
import msgspec

from alpha_panda.api.security.principal import Role
from alpha_panda.api.security.tokens import SigningKey
from alpha_panda.errors import InputError
from alpha_panda.runtime.store_errors import postgres_errors

_USER: Final = (
    "SELECT name, role, password_hash, totp_secret, totp_step, disabled, created_at, created_by FROM platform.users"
)
_SESSION: Final = """
SELECT s.id, s.user_name, u.role, s.kind, s.expires_at, s.stepped_up_at,
       s.revoked_at IS NOT NULL OR u.disabled AS revoked
FROM platform.sessions s JOIN platform.users u ON u.name = s.user_name
"""
_KEYS_LOCK: Final = 0x6B65_7973
_PRUNE: Final = "DELETE FROM platform.sessions WHERE expires_at < $1"


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may come in."""

    name: str
    role: Role
    password_hash: str
    totp_secret: str | None
    totp_step: int
    disabled: bool
    created_at: datetime
    created_by: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What a user holds after signing in, with the role that the user has now."""

    id: UUID
    user_name: str
    role: Role
    kind: Literal["token", "browser"]
    expires_at: datetime
    stepped_up_at: datetime | None
    revoked: bool


class Accounts:
    """Reads and changes them; every method raises TransientError where PostgreSQL does not answer."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        """Use a pool that the caller closes."""
        self._pool = pool

    async def user(self, name: str) -> User | None:
        """The user of this name."""
        rows = await self._fetch(f"{_USER} WHERE name = $1", name)
        return msgspec.convert(dict(rows[0]), User) if rows else None

    async def users(self) -> list[User]:
        """All users by name."""
        return [msgspec.convert(dict(row), User) for row in await self._fetch(f"{_USER} ORDER BY name")]

    async def create(self, name: str, role: Role, password_hash: str, by: str, now: datetime) -> None:
        """Make a user; raises InputError where there is one of this name."""
        sql = """
        INSERT INTO platform.users (name, role, password_hash, created_at, created_by, changed_at)
        VALUES ($1, $2, $3, $4, $5, $4) ON CONFLICT DO NOTHING RETURNING name
        """
        if not await self._fetch(sql, name, role.value, password_hash, now, by):
            raise InputError(f"there is a user {name} already", remedy="choose another name")

    async def change(
        self,
        name: str,
        now: datetime,
        *,
        role: Role | None = None,
        password_hash: str | None = None,
        disabled: bool | None = None,
    ) -> None:
        """Change a user, and end all the sessions: what they were opened with is no longer so."""
        sql = """
        UPDATE platform.users SET changed_at = $2, role = coalesce($3, role),
               password_hash = coalesce($4, password_hash), disabled = coalesce($5, disabled) WHERE name = $1
        """
        await self._fetch(sql, name, now, None if role is None else role.value, password_hash, disabled)
        await self._fetch(
            "UPDATE platform.sessions SET revoked_at = coalesce(revoked_at, $2) WHERE user_name = $1", name, now
        )

    async def set_totp(self, name: str, secret: str | None) -> None:
        """Keep the secret of a second factor, or none."""
        await self._fetch("UPDATE platform.users SET totp_secret = $2, totp_step = 0 WHERE name = $1", name, secret)

    async def use_totp(self, name: str, step: int) -> bool:
        """Take a code's step, which can be taken once, and none before it afterwards."""
        sql = "UPDATE platform.users SET totp_step = $2 WHERE name = $1 AND totp_step < $2 RETURNING name"
        return bool(await self._fetch(sql, name, step))

    async def open_session(self, session: Session, digest: bytes, now: datetime) -> None:
        """Keep a new session, and forget those that ended long ago."""
        sql = """
        INSERT INTO platform.sessions (id, user_name, kind, secret_digest, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """
        await self._fetch(sql, session.id, session.user_name, session.kind, digest, now, session.expires_at)
        await self._fetch(_PRUNE, now - timedelta(days=30))

    async def session(self, identity: UUID) -> Session | None:
        """A session by its id."""
        return _session(await self._fetch(f"{_SESSION} WHERE s.id = $1", identity))

    async def session_of(self, digest: bytes) -> Session | None:
        """The session whose present secret has this digest."""
        return _session(await self._fetch(f"{_SESSION} WHERE s.secret_digest = $1", digest))

    async def session_before(self, digest: bytes) -> Session | None:
        """The session whose refresh token before the present one has this digest."""
        return _session(await self._fetch(f"{_SESSION} WHERE s.previous_digest = $1", digest))

    async def replace_secret(self, before: bytes, after: bytes) -> bool:
        """Put another secret in the place of this one, once."""
        sql = """
        UPDATE platform.sessions SET secret_digest = $2, previous_digest = $1
        WHERE secret_digest = $1 AND revoked_at IS NULL RETURNING id
        """
        return bool(await self._fetch(sql, before, after))

    async def revoke(self, identity: UUID, now: datetime) -> None:
        """End a session."""
        await self._fetch(
            "UPDATE platform.sessions SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1", identity, now
        )

    async def step_up(self, identity: UUID, now: datetime) -> None:
        """Note that the second factor was shown."""
        await self._fetch("UPDATE platform.sessions SET stepped_up_at = $2 WHERE id = $1", identity, now)

    async def keys(self, now: datetime, fresh: SigningKey, *, lasts: timedelta, kept: timedelta) -> list[SigningKey]:
        """The keys in use; `fresh` becomes one where the newest is older than `lasts`, those older than `kept` go."""
        with postgres_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _KEYS_LOCK)
                await connection.execute("DELETE FROM platform.signing_keys WHERE created_at < $1", now - kept)
                await connection.execute(
                    "INSERT INTO platform.signing_keys (kid, secret, created_at) SELECT $1, $2, $3 "
                    "WHERE NOT EXISTS (SELECT FROM platform.signing_keys WHERE created_at > $4)",
                    fresh.kid,
                    fresh.secret,
                    fresh.created_at,
                    now - lasts,
                )
                rows = await connection.fetch("SELECT kid, secret, created_at FROM platform.signing_keys")
        return [SigningKey(**row) for row in rows]

    async def _fetch(self, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        with postgres_errors():
            found: Sequence[asyncpg.Record] = await self._pool.fetch(sql, *values)
        return found


def _session(rows: Sequence[asyncpg.Record]) -> Session | None:
    return msgspec.convert(dict(rows[0]), Session) if rows else None
