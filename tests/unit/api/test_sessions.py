"""Sessions while stores are away: reads are refused, a revoked one stays revoked, and a halt passes all the same."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from redis import exceptions as redis_errors

from alpha_panda.api.security.accounts import Session, User
from alpha_panda.api.security.errors import NotSignedInError
from alpha_panda.api.security.principal import Role
from alpha_panda.api.security.sessions import Sessions
from alpha_panda.api.security.tokens import SigningKey
from alpha_panda.runtime.errors import TransientError

PASSWORD = "seven horses of the sun"


class Accounts:
    """One user, and the sessions that were opened; it refuses to answer while `down`, and hangs while it `hangs`."""

    def __init__(self) -> None:
        self.down = False
        self.hangs = False
        self.by_secret: dict[bytes, UUID] = {}
        self.kept: dict[UUID, Session] = {}
        self.hash = ""

    async def keys(self, _now: datetime, fresh: SigningKey, **_times: timedelta) -> list[SigningKey]:
        return [fresh]

    async def user(self, name: str) -> User:
        return User(
            name=name,
            role=Role.TRADER,
            password_hash=self.hash,
            totp_secret=None,
            totp_step=0,
            disabled=False,
            created_at=datetime.now(UTC),
            created_by="machine",
        )

    async def open_session(self, session: Session, digest: bytes, _now: datetime) -> None:
        self.kept[session.id] = session
        self.by_secret[digest] = session.id

    async def session(self, identity: UUID) -> Session | None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.down:
            raise TransientError("PostgreSQL does not answer")
        return self.kept.get(identity)

    async def session_of(self, digest: bytes) -> Session | None:
        return await self.session(self.by_secret.get(digest, UUID(int=0)))

    async def revoke(self, identity: UUID, _now: datetime) -> None:
        self.kept.pop(identity)


class Redis:
    """Keys; it refuses to answer while `down`, and hangs while it `hangs`."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.down = False
        self.hangs = False

    async def set(self, key: str, _value: str, **_options: Any) -> None:  # noqa: ANN401 - as Redis takes them
        self.keys.add(key)

    async def exists(self, key: str) -> int:
        if self.hangs:
            await asyncio.Event().wait()
        if self.down:
            raise redis_errors.ConnectionError("refused")
        return int(key in self.keys)


class Desk:
    """Sessions over these, and a clock that can be moved."""

    def __init__(self) -> None:
        self.accounts, self.redis = Accounts(), Redis()
        self.now = datetime.now(UTC)
        self.sessions = Sessions(
            self.accounts, self.redis, "access:", lambda: self.now, timedelta(minutes=10), timedelta(hours=1)
        )

    async def sign_in(self) -> str:
        await self.sessions.renew_keys()
        self.accounts.hash = await self.sessions.passwords.hash("ana", PASSWORD)
        granted = await self.sessions.login("ana", PASSWORD, None, "token")
        assert granted.access_token is not None
        return granted.access_token

    async def sign_in_a_browser(self) -> str:
        await self.sign_in()
        return (await self.sessions.login("ana", PASSWORD, None, "browser")).secret

    def stores_hang(self, *, redis: bool) -> None:
        self.accounts.hangs, self.redis.hangs = True, redis
        self.now += timedelta(seconds=3)

    def stores_go_away(self, *, redis: bool) -> None:
        self.accounts.down, self.redis.down = True, redis
        self.now += timedelta(seconds=3)


async def test_a_wrong_password_signs_nobody_in():
    desk = Desk()
    await desk.sign_in()
    with pytest.raises(NotSignedInError):
        await desk.sessions.login("ana", "another password", None, "token")


async def test_while_postgresql_is_away_redis_tells_what_was_revoked_of_late():
    desk = Desk()
    good, ended = await desk.sign_in(), (await desk.sessions.login("ana", PASSWORD, None, "token")).access_token
    assert ended is not None
    _, session = await desk.sessions.by_token(ended, always=False)
    assert session is not None
    await desk.sessions.logout(session.id)
    desk.stores_go_away(redis=False)
    claims, unknown = await desk.sessions.by_token(good, always=False)
    assert (claims.name, unknown) == ("ana", None)
    with pytest.raises(NotSignedInError):
        await desk.sessions.by_token(ended, always=True)


async def test_while_both_are_away_only_what_is_always_allowed_passes():
    desk = Desk()
    token = await desk.sign_in()
    desk.stores_go_away(redis=True)
    with pytest.raises(TransientError):
        await desk.sessions.by_token(token, always=False)
    claims, _ = await desk.sessions.by_token(token, always=True)
    assert claims.role is Role.TRADER
    with pytest.raises(NotSignedInError):
        await desk.sessions.by_token(token[:-3] + "abc", always=True)


@pytest.mark.parametrize("redis", [False, True])
async def test_who_halts_with_a_token_does_not_wait_for_a_store_that_hangs(*, redis: bool):
    desk = Desk()
    token = await desk.sign_in()
    desk.stores_hang(redis=redis)
    claims, session = await desk.sessions.by_token(token, always=True)
    assert (claims.name, session) == ("ana", None)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.sessions.by_token(token, always=False), 0.3)


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_browser_that_was_seen_before_halts_while_no_store_can_tell_about_it(*, hangs: bool):
    desk = Desk()
    secret = await desk.sign_in_a_browser()
    assert (await desk.sessions.by_cookie(secret, always=False)).user_name == "ana"
    if hangs:
        desk.stores_hang(redis=True)
    else:
        desk.stores_go_away(redis=True)
        with pytest.raises(TransientError):
            await desk.sessions.by_cookie(secret, always=False)
    assert (await desk.sessions.by_cookie(secret, always=True)).user_name == "ana"


async def test_a_browser_that_nobody_here_has_seen_does_not_halt_while_no_store_can_tell_about_it():
    desk = Desk()
    secret = await desk.sign_in_a_browser()
    desk.stores_go_away(redis=True)
    with pytest.raises(TransientError):
        await desk.sessions.by_cookie(secret, always=True)


async def test_a_browser_that_logged_out_or_whose_time_is_over_halts_no_more():
    desk = Desk()
    ended, late = await desk.sign_in_a_browser(), await desk.sign_in_a_browser()
    await desk.sessions.by_cookie(late, always=False)
    await desk.sessions.logout((await desk.sessions.by_cookie(ended, always=False)).id)
    desk.stores_go_away(redis=False)
    with pytest.raises(TransientError):
        await desk.sessions.by_cookie(ended, always=True)
    desk.now += timedelta(hours=1)
    with pytest.raises(NotSignedInError):
        await desk.sessions.by_cookie(late, always=True)


async def test_what_another_replica_revoked_of_late_halts_no_more_while_redis_tells_so():
    desk = Desk()
    secret = await desk.sign_in_a_browser()
    session = await desk.sessions.by_cookie(secret, always=False)
    await desk.redis.set(f"access:revoked:{session.id}", "1")
    desk.stores_go_away(redis=False)
    with pytest.raises(NotSignedInError):
        await desk.sessions.by_cookie(secret, always=True)
