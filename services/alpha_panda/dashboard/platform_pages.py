"""The pages about the platform itself: what runs and how fresh it is, its logs, and what is set."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.dashboard.account import read_account
from alpha_panda.dashboard.alerts import read_dead_letters
from alpha_panda.dashboard.frame import Frame

LINES = 200
LEVELS = ("debug", "info", "warning", "error", "critical")
Level = Literal["debug", "info", "warning", "error", "critical"]


def platform_routes(dependencies: Dependencies, frame: Frame) -> APIRouter:
    """The routes of these pages."""
    router = APIRouter(prefix="/brokers/{broker}", include_in_schema=False, route_class=frame.route_class)

    @router.get("/services")
    @needs(Role.VIEWER)
    async def show_services(request: Request, broker: str) -> HTMLResponse:
        """Each service and store: state, lag, the age of its last event, what is wrong, what was set aside."""
        stand = await frame.stand(broker)
        age, found = await dependencies.machine.services()
        account = await read_account(dependencies, broker)
        letters = await read_dead_letters(dependencies)
        return frame.page(request, "services", stand, account=account, word_age=age, services=found, letters=letters)

    @router.get("/logs")
    @needs(Role.TRADER)
    async def show_logs(
        request: Request,
        broker: str,
        service: Annotated[str, Query(max_length=100)] = "",
        level: Level = "info",
        search: Annotated[str, Query(max_length=200)] = "",
    ) -> HTMLResponse:
        """The newest lines of the logs, newest first, and how much waits to be written."""
        stand = await frame.stand(broker)
        _, services = await dependencies.machine.services()
        lines = await dependencies.machine.logs(service or None, level, search or None, LINES)
        return frame.page(
            request,
            "logs",
            stand,
            lines=lines[::-1],
            names=[each["name"] for each in services],
            levels=LEVELS,
            chosen={"service": service, "level": level, "search": search},
            statistics=await dependencies.machine.log_statistics(),
        )

    @router.get("/settings")
    @needs(Role.VIEWER)
    async def show_settings(request: Request, broker: str) -> HTMLResponse:
        """Who is logged in, how this is looked at, and the resources in force; no secret is among them."""
        stand = await frame.stand(broker)
        control = dependencies.control
        return frame.page(
            request,
            "settings",
            stand,
            version=version("alpha-panda"),
            resources=[
                (kind, each.name, each.generation, each.spec.model_dump(mode="json", by_alias=True, exclude_none=True))
                for kind, views in (("Broker", control.brokers), ("Strategy", control.strategies))
                for each in views
            ],
        )

    return router
