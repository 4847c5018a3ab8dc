"""Tells who asks, from the token or the cookie of a request."""

from __future__ import annotations

import hmac
from http import HTTPMethod
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from alpha_panda.api.security.errors import NotAllowedError, NotSignedInError
from alpha_panda.api.security.principal import MACHINE, Principal, Role
from alpha_panda.api.security.sessions import Sessions
from alpha_panda.errors import InputError

SHORTEST_TOKEN: Final = 16
_HOW: Final = "this needs the header Authorization: Bearer <token>: log in at /api/v1/auth/login, or use the machine's"
_SAFE: Final = frozenset({HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS})
_WEAK: Final = ("changeme", "password", "secret", "default", "alpha-panda", "alphapanda")


def check_token(token: str) -> None:
    """Raises InputError where the installation's token can be guessed."""
    remedy = 'set api.token, for example to: python -c "import secrets; print(secrets.token_urlsafe(32))"'
    if len(token) < SHORTEST_TOKEN:
        raise InputError(f"the API's token has {len(token)} characters; at least {SHORTEST_TOKEN}", remedy=remedy)
    if len(set(token)) < SHORTEST_TOKEN // 2 or token.lower().strip("0123456789-_!") in _WEAK:
        raise InputError(
            "the API's token is easy to guess: it repeats itself, or is a word that everybody knows", remedy=remedy
        )


def cookie_name(*, https: bool) -> str:
    """Over HTTPS a browser takes a cookie of this name from nobody else, and sends it over nothing else."""
    return "__Host-panda_session" if https else "panda_session"


class Doorkeeper:
    """Knows the machine's token and the sessions of people."""

    def __init__(self, sessions: Sessions, token: str, token_role: Role, cookie: str) -> None:
        """`cookie` is the name of a browser's.

        Raises:
            InputError: the token is too short to be a secret.
        """
        check_token(token)
        self._sessions = sessions
        self._token = token.encode()
        self._machine = Principal(name=MACHINE, role=token_role, kind="machine")
        self._cookie = cookie

    async def identify(self, connection: HTTPConnection, *, always: bool = False) -> Principal:
        """Who asks; with `always` a good token is enough where no store can tell of its session.

        Raises:
            NotSignedInError: nobody that is known.
            NotAllowedError: a page of another site asks with somebody's cookie.
            TransientError: no store can tell.
        """
        given = connection.headers.getlist("authorization")
        if len(given) > 1:
            raise NotSignedInError("two Authorization headers", remedy="send one")
        if given:
            return await self._by_header(given[0], always=always)
        secret = connection.cookies.get(self._cookie)
        if secret is None:
            raise NotSignedInError(_HOW)
        refuse_foreign_page(connection)
        session = await self._sessions.by_cookie(secret, always=always)
        return Principal(
            name=session.user_name,
            role=session.role,
            session=str(session.id),
            expires_at=session.expires_at,
            stepped_up_at=session.stepped_up_at,
        )

    async def _by_header(self, header: str, *, always: bool) -> Principal:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotSignedInError(_HOW)
        if hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self._token):
            return self._machine
        claims, session = await self._sessions.by_token(token, always=always)
        return Principal(
            name=claims.name,
            role=claims.role if session is None else session.role,
            session=claims.session,
            expires_at=claims.expires_at,
            stepped_up_at=None if session is None else session.stepped_up_at,
        )


def refuse_foreign_page(connection: HTTPConnection) -> None:
    """A change that a browser sends must come from a page of ours; raises NotAllowedError.

    The cookie is not sent with what another site asks for (SameSite=Strict); this holds where a browser does not.
    """
    if connection.scope.get("method") in _SAFE:
        return
    site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    ours = site in (None, "same-origin", "none")
    if origin is not None:
        ours = ours and urlsplit(origin).netloc == connection.headers.get("host")
    if not ours or (site is None and origin is None):
        raise NotAllowedError("a page of another site may not change anything here")
