"""The application put together: routes, policy, problem documents, OpenAPI."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer
from prometheus_client import Counter

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.operations import operation_routes
from alpha_panda.api.policy import BearerPolicy, check_token
from alpha_panda.api.portfolios import portfolio_routes
from alpha_panda.api.problems import Problem, documented, handle_problems
from alpha_panda.api.risk import risk_routes
from alpha_panda.api.strategies import strategy_routes
from alpha_panda.api.trades import trade_routes


def create_app(dependencies: Dependencies) -> FastAPI:
    """The API as an ASGI application.

    Raises:
        InputError: the token is too short to be a secret.
    """
    check_token(dependencies.token)
    app = FastAPI(
        title="Alpha Panda",
        version=version("alpha-panda"),
        description="What trades, why, and what it is worth. All but /health and /metrics needs the token.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    bearer: list[Any] = [Security(HTTPBearer(auto_error=False, description="The token of setting api.token."))]
    app.include_router(operation_routes(dependencies))
    for routes in (portfolio_routes, risk_routes, strategy_routes, trade_routes):
        app.include_router(routes(dependencies), dependencies=bearer, responses=documented(401))
    handle_problems(app)
    labels = ["route", "status"]
    requests = Counter("panda_api_requests", "Requests by route and status", labels, registry=dependencies.registry)
    app.add_middleware(BearerPolicy, token=dependencies.token, requests=requests)
    _describe_problem(app)
    return app


def _describe_problem(app: FastAPI) -> None:
    """Put the shape of problems into the OpenAPI document, where the routes refer to it."""
    described = app.openapi()
    described["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    app.openapi_schema = described
