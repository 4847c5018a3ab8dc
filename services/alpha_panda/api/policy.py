"""Who may ask: nobody without the token, except where a path is named as open.

It stands before the routes, so a route that somebody forgot to protect is protected, and a path that
does not exist does not tell so.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Final

from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alpha_panda.api.problems import problem_response
from alpha_panda.errors import InputError

OPEN: Final = frozenset({"/health", "/metrics"})
"""Paths for probes and Prometheus; they tell of no account."""
SHORTEST_TOKEN: Final = 16


def check_token(token: str) -> None:
    """Raises InputError where the token is too short to be a secret."""
    if len(token) < SHORTEST_TOKEN:
        raise InputError(
            f"the API's token has {len(token)} characters; at least {SHORTEST_TOKEN}",
            remedy='set api.token, for example to the output of: python -c "import secrets; '
            'print(secrets.token_urlsafe(32))"',
        )


class BearerPolicy:
    """An ASGI layer that lets requests through with `Authorization: Bearer <token>`."""

    def __init__(self, app: ASGIApp, token: str, requests: Counter) -> None:
        """`requests` counts by route and status."""
        self._app = app
        self._expected = f"Bearer {token}".encode()
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = scope.get("route")
                self._requests.labels(route=getattr(route, "path", ""), status=str(message["status"])).inc()
            await send(message)

        if scope["path"] in OPEN or self._allows(scope):
            await self._app(scope, receive, counted)
            return
        detail = "this needs the header Authorization: Bearer <token>, with the token of setting api.token"
        refusal = problem_response(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": "Bearer"})
        await refusal(scope, receive, counted)

    def _allows(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        return len(given) == 1 and hmac.compare_digest(given[0], self._expected)
