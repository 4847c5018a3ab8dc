"""The application put together: routes, policy, problem documents, OpenAPI."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from prometheus_client import Counter
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route

from alpha_panda.api.alerts import alert_routes
from alpha_panda.api.auth import auth_routes
from alpha_panda.api.books import book_routes
from alpha_panda.api.closing import closing_routes
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.explain import explain_routes
from alpha_panda.api.hooks import hook_routes
from alpha_panda.api.letters import letter_routes
from alpha_panda.api.market import market_routes
from alpha_panda.api.operations import operation_routes
from alpha_panda.api.ops import ops_routes
from alpha_panda.api.pausing import pausing_routes
from alpha_panda.api.portfolios import portfolio_routes
from alpha_panda.api.problems import Problem, handle_problems
from alpha_panda.api.realtime.routes import realtime_routes
from alpha_panda.api.risk import risk_routes
from alpha_panda.api.security.guard import Guard
from alpha_panda.api.security.policies import Policy, needs, policy_of, require_policies
from alpha_panda.api.security.principal import Role
from alpha_panda.api.strategies import strategy_routes
from alpha_panda.api.system import system_routes
from alpha_panda.api.trades import trade_routes
from alpha_panda.api.users import user_routes

PARTS = (
    operation_routes,
    auth_routes,
    portfolio_routes,
    risk_routes,
    strategy_routes,
    trade_routes,
    realtime_routes,
    alert_routes,
    hook_routes,
    ops_routes,
    pausing_routes,
    closing_routes,
    letter_routes,
    user_routes,
    book_routes,
    explain_routes,
    market_routes,
    system_routes,
)
"""Each makes the routes of one subject."""
_DESCRIPTION = """What trades, why, and what it is worth; and how to stop it.

Sign in at `/api/v1/auth/login` and send the access token as `Authorization: Bearer …`. What each route asks of
whoever calls it is its `x-role`: a viewer reads, a trader halts and changes, an admin makes users."""
_PATH = "/api/v1/openapi.json"
_OF_BODIES: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_OF_ROLES: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE)


def create_app(dependencies: Dependencies, further: Iterable[BaseRoute] = ()) -> FastAPI:
    """The API as an ASGI application; `further` are routes of others, such as the dashboard's pages.

    Raises:
        RuntimeError: a route has no policy.
    """
    app = _Api(
        title="Alpha Panda",
        version=version("alpha-panda"),
        description=_DESCRIPTION,
        openapi_url=_PATH,
        docs_url=None,
        redoc_url=None,
    )
    for route in app.routes:
        if isinstance(route, Route):
            needs(Role.VIEWER)(route.endpoint)
    for part in PARTS:
        add(app, part(dependencies))
    app.router.routes.extend(further)
    require_policies(app.routes)
    handle_problems(app)
    labels = ["route", "status"]
    requests = Counter("panda_api_requests", "Requests by route and status", labels, registry=dependencies.registry)
    app.add_middleware(
        Guard,
        routes=lambda: app.routes,
        doorkeeper=dependencies.doorkeeper,
        limits=dependencies.limits,
        settings=dependencies.settings,
        requests=requests,
    )
    if dependencies.settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=dependencies.settings.origins,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match", "Last-Event-ID", "X-Request-ID"],
        )
    return app


def add(app: FastAPI, router: APIRouter) -> None:
    """Put the routes of a router beside the application's own, where the guard sees each with its policy."""
    app.router.routes.extend(router.routes)


class _Api(FastAPI):
    """Describes itself when it is first asked, which takes longer than to start."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = _complete(self, super().openapi())
        return self.openapi_schema


def _complete(app: FastAPI, described: dict[str, Any]) -> dict[str, Any]:
    """Complete the OpenAPI document: the shape of problems, how to sign in, and what each route asks."""
    parts: dict[str, Any] = described.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
    parts["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for route in app.routes:
        policy = policy_of(route)
        operations = described["paths"].get(getattr(route, "path", ""), {})
        for method in getattr(route, "methods", None) or ():
            operation = operations.get(method.lower())
            if operation is not None and policy is not None:
                _describe(operation, policy)
    return described


def _describe(operation: dict[str, Any], policy: Policy) -> None:
    """Complete the description of one route by what stands before it."""
    statuses = list(_OF_BODIES) if "requestBody" in operation else []
    if policy.role is not None:
        operation["x-role"] = policy.role.value
        operation["security"] = [{"bearer": []}]
        statuses += _OF_ROLES
    if policy.counted:
        statuses.append(HTTPStatus.TOO_MANY_REQUESTS)
    for status in statuses:
        operation["responses"].setdefault(str(status.value), _problem(status.phrase))


def _problem(title: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {"application/problem+json": {"schema": schema}}}
