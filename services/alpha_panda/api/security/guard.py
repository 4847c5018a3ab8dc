"""Stands before every route: who asks, whether they may, how often, how much, and for how long.

It is one layer around the whole application, so that a path which does not exist tells nothing to whoever is not
signed in, and a route that somebody forgot is closed.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import structlog
from prometheus_client import Counter
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alpha_panda.api.problems import problem_of, problem_response
from alpha_panda.api.security.bodies import is_deeper, read_body, replayed
from alpha_panda.api.security.doorkeeper import Doorkeeper
from alpha_panda.api.security.errors import NotAllowedError, NotSignedInError
from alpha_panda.api.security.limits import Limits
from alpha_panda.api.security.policies import Policy, policy_of
from alpha_panda.errors import PandaError
from alpha_panda.runtime.access_settings import ApiSettings

LOGIN_PAGE: Final = "/login"
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ALWAYS_SENT: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
_PAGES: Final = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_UNKNOWN: Final = Policy(role=None)


class Guard:
    """The layer."""

    def __init__(  # noqa: PLR0913 - what it asks and counts
        self,
        app: ASGIApp,
        *,
        routes: Callable[[], Sequence[BaseRoute]],
        doorkeeper: Doorkeeper,
        limits: Limits,
        settings: ApiSettings,
        requests: Counter,
    ) -> None:
        """`routes` are the application's; `requests` counts by route and status."""
        self._app = app
        self._routes = routes
        self._doorkeeper = doorkeeper
        self._limits = limits
        self._settings = settings
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a problem or pass the request on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008, "reason": "there is nothing to talk to here"})
            return
        connection = HTTPConnection(scope)
        request_id = _identity(connection, "x-request-id") or str(uuid.uuid4())
        correlation = _identity(connection, "x-correlation-id") or request_id
        scope["correlation_id"] = correlation
        told = {"X-Request-ID": request_id, "X-Correlation-ID": correlation}
        route = self._route(scope)
        path = "" if route is None else str(getattr(route, "path", ""))
        answer = _Answer(send, told, lambda status: self._requests.labels(route=path, status=str(status)).inc())
        with structlog.contextvars.bound_contextvars(request_id=request_id, correlation_id=correlation):
            try:
                async with asyncio.timeout(self._settings.request_seconds) as answer.patience:
                    await self._answer(connection, route, receive, answer)
            except TimeoutError:
                if answer.begun:
                    raise
                answer.patience = None
                said = f"this took more than {self._settings.request_seconds:g} s"
                late = HTTPStatus.SERVICE_UNAVAILABLE if answer.read else HTTPStatus.REQUEST_TIMEOUT
                await problem_response(late, said, {"Retry-After": "1"})(scope, receive, answer)

    async def _answer(
        self, connection: HTTPConnection, route: BaseRoute | None, receive: Receive, answer: _Answer
    ) -> None:
        scope = connection.scope
        try:
            await self._admit(connection, route)
            body = await read_body(scope, receive, self._settings.body_bytes)
            if body is None:
                return
            answer.read = True
            _refuse_depth(body, self._settings.body_depth)
            await self._app(scope, replayed(body, receive), answer)
        except (PandaError, HTTPException) as error:
            await self._refuse(connection, error)(scope, receive, answer)

    async def _admit(self, connection: HTTPConnection, route: BaseRoute | None) -> None:
        policy = _UNKNOWN if route is None else policy_of(route)
        if policy is None:
            raise NotAllowedError("this route has no policy, so nobody may call it")
        if route is not None and policy.role is None:
            return
        principal = await self._doorkeeper.identify(connection, always=policy.always)
        connection.scope["principal"] = principal
        if policy.role is not None and not principal.may(policy.role):
            raise NotAllowedError(f"{principal.name} is {principal.role}; this needs {policy.role}")
        if policy.counted:
            await self._limits.change(principal)

    def _route(self, scope: Scope) -> BaseRoute | None:
        """The route that will answer; one of another method will say so, to whom it may."""
        partly: BaseRoute | None = None
        for route in self._routes():
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return route
            if match is Match.PARTIAL and partly is None:
                partly = route
        return partly

    def _refuse(self, connection: HTTPConnection, error: PandaError | HTTPException) -> Response:
        page = connection.url.path
        wants_page = "text/html" in connection.headers.get("accept", "") and not page.startswith("/api/")
        if isinstance(error, NotSignedInError) and wants_page and connection.scope["method"] == "GET":
            return RedirectResponse(f"{LOGIN_PAGE}?next={quote(page)}", HTTPStatus.SEE_OTHER)
        if isinstance(error, HTTPException):
            return problem_response(error.status_code, error.detail)
        return problem_of(error, connection.url.path)


class _Answer:
    """Sends what the application answers, with the headers that every answer has."""

    def __init__(self, send: Send, told: dict[str, str], count: Callable[[int], None]) -> None:
        self._send = send
        self._told = told
        self._count = count
        self.read = False
        self.begun = False
        self.patience: asyncio.Timeout | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self._count(message["status"])
            if self.patience is not None:
                self.patience.reschedule(None)
            headers = MutableHeaders(scope=message)
            for name, value in {**_ALWAYS_SENT, **self._told}.items():
                headers.setdefault(name, value)
            if headers.get("content-type", "").startswith("text/html"):
                headers.setdefault("Content-Security-Policy", _PAGES)
        await self._send(message)


def _refuse_depth(body: bytes, deepest: int) -> None:
    if is_deeper(body, deepest):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"the body is nested deeper than {deepest} levels")


def _identity(connection: HTTPConnection, name: str) -> str | None:
    given = connection.headers.get(name, "")
    return given if _ID.fullmatch(given) else None
