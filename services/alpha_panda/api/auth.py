"""`/api/v1/auth`: signing in and out, the second factor, and who one is."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from alpha_panda.api.asked import Asked
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Answer
from alpha_panda.api.problems import documented
from alpha_panda.api.security.accounts import User
from alpha_panda.api.security.addresses import address_of as address_of_client
from alpha_panda.api.security.doorkeeper import cookie_name, refuse_foreign_page
from alpha_panda.api.security.errors import NotAllowedError, NotSignedInError
from alpha_panda.api.security.policies import needs, open_to_all
from alpha_panda.api.security.principal import Principal, Role, current_principal
from alpha_panda.api.security.second_factor import address_of, new_secret
from alpha_panda.api.security.sessions import Granted

Asking = Annotated[Principal, Depends(current_principal)]


class Login(Asked):
    """A name, its password, and the code of the second factor where one is set up."""

    name: str = Field(max_length=100, examples=["ana"])
    password: str = Field(max_length=256, examples=["correct horse battery staple"])
    code: str | None = Field(default=None, max_length=10, examples=["123456"])
    browser: bool = Field(default=False, description="Set a cookie instead of answering tokens.")


class Refresh(Asked):
    """A refresh token, which is good once."""

    refresh_token: str = Field(max_length=200)


class Code(Asked):
    """A code of the second factor."""

    code: str = Field(max_length=10, examples=["123456"])


class Password(Asked):
    """The password so far, where one sets up or changes what protects an account."""

    password: str = Field(max_length=256)


class NewPassword(Password):
    """The password so far and the next one."""

    new_password: str = Field(max_length=256)


class Tokens(Answer):
    """What a program holds after signing in; both are null where a browser got a cookie."""

    access_token: str | None = Field(description="Send it as `Authorization: Bearer …`; it is good for minutes.")
    refresh_token: str | None = Field(description="Good once, for the next pair.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of the scheme
    expires_at: datetime = Field(description="When the session ends, whatever is refreshed.")
    name: str
    role: Role


class Me(Answer):
    """Who asks."""

    name: str
    role: Role
    kind: Literal["person", "machine"]
    expires_at: datetime | None
    stepped_up_at: datetime | None = Field(description="When the second factor was last shown in this session.")


class SecondFactor(Answer):
    """The secret of a second factor, shown this once; `address` is for a QR code."""

    secret: str
    address: str


def auth_routes(dependencies: Dependencies) -> APIRouter:  # noqa: C901 - a function for each route
    """The routes."""
    router = APIRouter(prefix="/api/v1/auth", tags=["auth"])
    settings, sessions = dependencies.settings, dependencies.sessions
    cookie = cookie_name(https=settings.https)

    def granted(response: Response, found: Granted) -> Tokens:
        browser = found.access_token is None
        if browser:
            lasts: Any = found.session.expires_at
            response.set_cookie(
                cookie, found.secret, expires=lasts, path="/", secure=settings.https, httponly=True, samesite="strict"
            )
        return Tokens(
            access_token=found.access_token,
            refresh_token=None if browser else found.secret,
            expires_at=found.session.expires_at,
            name=found.session.user_name,
            role=found.session.role,
        )

    @router.post("/login", responses=documented(401, 403, 413, 422, 429, 503))
    @open_to_all
    async def log_in(request: Request, response: Response, wanted: Login) -> Tokens:
        """Sign in. Attempts are counted by address and by name; what of the three is wrong is not told."""
        if wanted.browser:
            refuse_foreign_page(request)
        await dependencies.limits.sign_in(address_of_client(request, settings.trusted_proxies), wanted.name)
        kind: Literal["browser", "token"] = "browser" if wanted.browser else "token"
        return granted(response, await sessions.login(wanted.name, wanted.password, wanted.code, kind))

    @router.post("/refresh", responses=documented(401, 413, 422, 429, 503))
    @open_to_all
    async def refresh(request: Request, response: Response, wanted: Refresh) -> Tokens:
        """The next pair of tokens. A refresh token that is shown twice ends its session: one of the two stole it."""
        await dependencies.limits.sign_in(address_of_client(request, settings.trusted_proxies), wanted.refresh_token)
        return granted(response, await sessions.refresh(wanted.refresh_token))

    @router.post("/logout", status_code=HTTPStatus.NO_CONTENT, responses=documented(401, 403, 413, 503))
    @needs(Role.VIEWER)
    async def log_out(response: Response, who: Asking) -> None:
        """End this session; its tokens are good no more."""
        if who.session is not None:
            await sessions.logout(UUID(who.session))
        response.delete_cookie(cookie, path="/", secure=settings.https, httponly=True, samesite="strict")

    @router.get("/me", responses=documented(401, 503))
    @needs(Role.VIEWER)
    async def get_me(who: Asking) -> Me:
        """Who asks, as what, and until when."""
        return Me(
            name=who.name, role=who.role, kind=who.kind, expires_at=who.expires_at, stepped_up_at=who.stepped_up_at
        )

    @router.post("/password", status_code=HTTPStatus.NO_CONTENT, responses=documented(401, 403, 413, 422, 429, 503))
    @needs(Role.VIEWER, counted=True)
    async def change_password(request: Request, who: Asking, wanted: NewPassword) -> None:
        """Change one's own password; every session of this user ends."""
        await dependencies.limits.sign_in(address_of_client(request, settings.trusted_proxies), who.name)
        await _require_password(dependencies, who, wanted.password)
        kept = await sessions.passwords.hash(who.name, wanted.new_password)
        await sessions.accounts.change(who.name, dependencies.clock(), password_hash=kept)
        await sessions.forget(who.name)

    @router.post("/second-factor", responses=documented(401, 403, 413, 422, 429, 503))
    @needs(Role.VIEWER, counted=True)
    async def set_up_second_factor(request: Request, who: Asking, wanted: Password) -> SecondFactor:
        """Set up a second factor, or another one, which a code of the old one must allow first (`/step-up`)."""
        await dependencies.limits.sign_in(address_of_client(request, settings.trusted_proxies), who.name)
        user = await _require_password(dependencies, who, wanted.password)
        if user.totp_secret is not None:
            dependencies.require_step_up(who)
        secret = new_secret()
        await sessions.accounts.set_totp(who.name, secret)
        return SecondFactor(secret=secret, address=address_of(secret, who.name))

    @router.post("/step-up", status_code=HTTPStatus.NO_CONTENT, responses=documented(401, 403, 413, 422, 429, 503))
    @needs(Role.VIEWER)
    async def step_up(request: Request, who: Asking, wanted: Code) -> None:
        """Show the second factor; for five minutes this session may then do what asks for it."""
        await dependencies.limits.sign_in(address_of_client(request, settings.trusted_proxies), who.name)
        user = await dependencies.require_person(who)
        if user.totp_secret is None:
            raise NotAllowedError("there is no second factor yet", remedy="set one up at /api/v1/auth/second-factor")
        if who.session is None or not await sessions.second_factor_fits(user, wanted.code):
            raise NotAllowedError("this code is not good, or was used already", remedy="wait for the next one")
        await sessions.step_up(UUID(who.session))

    return router


async def _require_password(dependencies: Dependencies, who: Principal, password: str) -> User:
    user = await dependencies.require_person(who)
    if not await dependencies.sessions.passwords.fits(user.password_hash, password):
        raise NotSignedInError("the password is wrong")
    return user
