"""The dashboard put together: its pages, what its charts and streams ask for, and its files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.security.policies import needs, open_to_all
from alpha_panda.api.security.principal import Role
from alpha_panda.dashboard.account_pages import account_routes
from alpha_panda.dashboard.alerts import alert_page
from alpha_panda.dashboard.books import Books
from alpha_panda.dashboard.charts import chart_routes
from alpha_panda.dashboard.frame import Frame
from alpha_panda.dashboard.platform_pages import platform_routes
from alpha_panda.dashboard.strategy_pages import strategy_pages
from alpha_panda.dashboard.stream import Pulses

_FOREVER = "public, max-age=31536000, immutable"


class Files(StaticFiles):
    """Files whose address changes with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be kept for good where its address has a version."""
        response = await super().get_response(path, scope)
        if response.status_code == HTTPStatus.OK and scope["query_string"].startswith(b"v="):
            response.headers["Cache-Control"] = _FOREVER
        return response


def dashboard_routes(dependencies: Dependencies) -> list[BaseRoute]:
    """What the dashboard adds to the API's application."""
    frame, books = Frame(dependencies), Books(dependencies.queries)
    routers = (
        _entrance(dependencies, frame),
        chart_routes(dependencies, books),
        account_routes(dependencies, frame, books),
        strategy_pages(dependencies, frame, books),
        alert_page(dependencies, frame),
        platform_routes(dependencies, frame),
    )
    files = Files(packages=[("alpha_panda.dashboard", "static")])
    open_to_all(files)
    return [*(route for router in routers for route in router.routes), Mount("/static", files, name="static")]


def _entrance(dependencies: Dependencies, frame: Frame) -> APIRouter:
    router = APIRouter(include_in_schema=False, route_class=frame.route_class)
    pulses = Pulses(dependencies)

    @router.get("/")
    @needs(Role.VIEWER)
    async def show_first(request: Request) -> Response:
        """The first Broker's overview."""
        brokers = dependencies.control.brokers
        if not brokers:
            return frame.page(request, "empty", None)
        return RedirectResponse(f"/brokers/{brokers[0].name}", HTTPStatus.SEE_OTHER)

    @router.get("/login")
    @open_to_all
    async def show_door(request: Request) -> Response:
        """Where people log in."""
        return frame.page(request, "login", None, following=own_path(request.query_params.get("next")))

    @router.get("/brokers/{broker}/stream")
    @needs(Role.VIEWER)
    async def follow(request: Request, broker: str) -> Response:
        """Tells whenever something of a Broker has changed, for as long as the session is good."""
        dependencies.require_broker(broker)

        async def told() -> AsyncIterator[bytes]:
            async for message in pulses.of(broker).watch(lambda: dependencies.doorkeeper.identify(request)):
                yield format_sse_event(data_str=message.text, event="changed", id=message.identity)

        return StreamingResponse(told(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    return router


def own_path(wanted: str | None) -> str:
    """A page of ours to go to after logging in; the first one where the address names another site."""
    if wanted is None or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return "/"
    return wanted
