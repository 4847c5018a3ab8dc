"""Signing in and out: from a password to an access token and a refresh token, or to a browser's cookie.

A refresh token is good once. Who shows one again has stolen it or was stolen from, so that session ends.
Whether a session was revoked is asked of PostgreSQL, at most once in two seconds; while that is away Redis
knows those that were revoked of late; where neither answers nobody is let in but to halt, which waits for neither.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Literal, TypeVar
from uuid import UUID, uuid4

import msgspec
from redis.asyncio import Redis

from alpha_panda.api.security.accounts import Accounts, Session, User
from alpha_panda.api.security.errors import NotSignedInError
from alpha_panda.api.security.passwords import Passwords
from alpha_panda.api.security.second_factor import matching_step
from alpha_panda.api.security.tokens import LEEWAY, Claims, Keyring, SigningKey
from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.patience import within
from alpha_panda.runtime.store_errors import redis_store_errors

KEY_LASTS: Final = timedelta(days=1)
_KEY_KEPT: Final = timedelta(days=2)
_TRUSTED_SECONDS: Final = 2.0
"""For so long an answer of PostgreSQL about a session holds."""
_REMEMBERED: Final = 10_000
_HALT_WAITS_SECONDS: Final = 0.1
"""For a store that is asked who wants to halt."""
Told = TypeVar("Told")
_REFUSED: Final = "the name, the password or the code is wrong"


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What a client gets for signing in; a browser gets no access token, its cookie is the secret."""

    session: Session
    secret: str
    access_token: str | None


class Sessions:
    """The sessions of one installation."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it is made from
        self,
        accounts: Accounts,
        redis: Redis,
        prefix: str,
        clock: Callable[[], datetime],
        access: timedelta,
        lifetime: timedelta,
    ) -> None:
        """`redis` may write keys that begin with `prefix`; `clock` is wall time."""
        self.accounts = accounts
        self.passwords = Passwords()
        self._keyring = Keyring()
        self._redis = redis
        self._prefix = f"{prefix}revoked:"
        self._clock = clock
        self._access = access
        self._lifetime = lifetime
        self._seen: dict[UUID, tuple[datetime, Session | None]] = {}

    async def renew_keys(self) -> None:
        """Read the keys, and make a new one where the newest is a day old; now and then, and at the start."""
        now = self._clock()
        fresh = SigningKey(kid=secrets.token_hex(8), secret=secrets.token_bytes(32), created_at=now)
        self._keyring.replace(await self.accounts.keys(now, fresh, lasts=KEY_LASTS, kept=_KEY_KEPT))

    async def login(self, name: str, password: str, code: str | None, kind: Literal["token", "browser"]) -> Granted:
        """A new session for whoever knows the password, and the code where the user has a second factor.

        Raises:
            NotSignedInError: something of it is wrong; what, is not told.
        """
        user = await self.accounts.user(name)
        fits = await self.passwords.fits(None if user is None else user.password_hash, password)
        if user is None or not fits or user.disabled or not await self.second_factor_fits(user, code):
            raise NotSignedInError(_REFUSED)
        now = self._clock()
        session = Session(
            id=uuid4(),
            user_name=user.name,
            role=user.role,
            kind=kind,
            expires_at=now + self._lifetime,
            stepped_up_at=now if user.totp_secret is not None else None,
            revoked=False,
        )
        secret = secrets.token_urlsafe(32)
        await self.accounts.open_session(session, digest_of(secret), now)
        if session.stepped_up_at is not None:
            await self.accounts.step_up(session.id, now)
        return self._granted(session, secret)

    async def refresh(self, secret: str) -> Granted:
        """Another access token and another refresh token for this one, which is good no more.

        Raises:
            NotSignedInError: it was never good, has ended, or was used before: then its session ends.
        """
        session, after = await self.accounts.session_of(digest_of(secret)), secrets.token_urlsafe(32)
        if session is None:
            await self._end_stolen(secret)
            raise NotSignedInError("this refresh token is not good", remedy="log in again")
        if session.kind != "token" or session.revoked or session.expires_at <= self._clock():
            raise NotSignedInError("the session has ended", remedy="log in again")
        if not await self.accounts.replace_secret(digest_of(secret), digest_of(after)):
            await self._end_stolen(secret)
            raise NotSignedInError("this refresh token was used before", remedy="log in again")
        return self._granted(session, after)

    async def logout(self, session: UUID) -> None:
        """End a session, here at once and in other replicas within two seconds."""
        self._drop(lambda found: found.id == session)
        await self.accounts.revoke(session, self._clock())
        await self._note_revoked(session)

    async def forget(self, name: str) -> None:
        """Ask anew about every session of a user who was changed."""
        for session in self._drop(lambda found: found.user_name == name):
            await self._note_revoked(session)

    async def by_token(self, token: str, *, always: bool) -> tuple[Claims, Session | None]:
        """What a token says and its session; none where `always` and no store can tell about it.

        Raises:
            NotSignedInError: the token is not good, or its session has ended.
            TransientError: no store can tell, and `always` is not.
        """
        claims = self._keyring.read(token)
        try:
            session = await _soon(self._session(UUID(claims.session)), always=always)
        except TransientError:
            await self._refuse_revoked(claims.session, always=always)
            return claims, None
        return claims, self._good(session)

    async def by_cookie(self, secret: str, *, always: bool) -> Session:
        """The session of a browser; where `always` and no store can tell about it, as it was known here last.

        Raises:
            NotSignedInError: the cookie is not good, or its session has ended.
            TransientError: no store can tell, and `always` is not, or nothing is known here.
        """
        digest = digest_of(secret)
        key = UUID(bytes=digest[:16])
        try:
            session = await _soon(self._remembered(key, lambda: self.accounts.session_of(digest)), always=always)
        except TransientError:
            known = self._seen.get(key)
            if not always or known is None or known[1] is None:
                raise
            session = known[1]
            await self._refuse_revoked(str(session.id), always=always)
        if session is not None and session.kind != "browser":
            raise NotSignedInError("this is no cookie of a browser")
        return self._good(session)

    async def second_factor_fits(self, user: User, code: str | None) -> bool:
        """Whether a code is good and was not used before; a user without a second factor needs none."""
        if user.totp_secret is None:
            return True
        step = matching_step(user.totp_secret, code or "", self._clock())
        return step is not None and await self.accounts.use_totp(user.name, step)

    async def step_up(self, session: UUID) -> None:
        """Note that the second factor was shown just now."""
        await self.accounts.step_up(session, self._clock())
        self._drop(lambda found: found.id == session)

    def _drop(self, concerns: Callable[[Session], bool]) -> list[UUID]:
        """Forget what is known of these sessions, whatever way they were asked for; their ids."""
        known = [(key, found) for key, (_, found) in self._seen.items() if found is not None and concerns(found)]
        for key, _ in known:
            del self._seen[key]
        return [found.id for _, found in known]

    def _good(self, session: Session | None) -> Session:
        if session is None or session.revoked or session.expires_at <= self._clock():
            raise NotSignedInError("the session has ended", remedy="log in again")
        return session

    async def _session(self, identity: UUID) -> Session | None:
        return await self._remembered(identity, lambda: self.accounts.session(identity))

    async def _remembered(self, key: UUID, ask: Callable[[], Awaitable[Session | None]]) -> Session | None:
        now = self._clock()
        known = self._seen.get(key)
        if known is not None and (now - known[0]).total_seconds() < _TRUSTED_SECONDS:
            return known[1]
        found = await ask()
        if len(self._seen) > _REMEMBERED:
            self._seen.clear()
        self._seen[key] = (now, found)
        return found

    async def _refuse_revoked(self, session: str, *, always: bool) -> None:
        try:
            revoked = await _soon(self._is_revoked(session), always=always)
        except TransientError:
            if not always:
                raise
            return
        if revoked:
            raise NotSignedInError("the session has ended", remedy="log in again")

    async def _is_revoked(self, session: str) -> bool:
        with redis_store_errors():
            return bool(await self._redis.exists(self._prefix + session))

    async def _note_revoked(self, session: UUID) -> None:
        seconds = round((self._access + LEEWAY).total_seconds())
        try:
            with redis_store_errors():
                await self._redis.set(self._prefix + str(session), "1", ex=seconds)
        except TransientError:
            return  # PostgreSQL knows it, and is asked first

    async def _end_stolen(self, secret: str) -> None:
        stolen = await self.accounts.session_before(digest_of(secret))
        if stolen is not None:
            await self.logout(stolen.id)

    def _granted(self, session: Session, secret: str) -> Granted:
        now = self._clock()
        if session.kind == "browser":
            return Granted(session=session, secret=secret, access_token=None)
        claims = Claims(
            name=session.user_name,
            role=session.role,
            session=str(session.id),
            identity=secrets.token_hex(16),
            expires_at=min(now + self._access, session.expires_at),
        )
        return Granted(session=session, secret=secret, access_token=self._keyring.sign(claims, now))


async def _soon(asked: Awaitable[Told], *, always: bool) -> Told:
    """What a store tells; who wants what is always allowed waits but a moment for it. Raises TransientError."""
    if not always:
        return await asked
    try:
        # What it still tells is remembered, so it is not called off.
        return await within(_HALT_WAITS_SECONDS, asyncio.shield(asked))
    except TimeoutError as error:
        raise TransientError(str(error), remedy="see whether the stores run") from error


def digest_of(secret: str) -> bytes:
    """What is kept of a secret of 256 random bits: no work slows a guess of that down, and none is needed."""
    return hashlib.sha256(secret.encode()).digest()
