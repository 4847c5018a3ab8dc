"""`/health` and `/metrics`: for probes and Prometheus, open to all and silent about accounts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import HealthReport
from alpha_panda.api.security.policies import open_to_all
from alpha_panda.errors import PandaError


def operation_routes(dependencies: Dependencies) -> APIRouter:
    """The open routes."""
    router = APIRouter(tags=["operations"])

    @router.get("/health", responses={503: {"model": HealthReport}})
    @open_to_all
    async def get_health(response: Response) -> HealthReport:
        """Whether the stores answer and the control topics are read; 503 where not."""
        checks = {
            "control": "ok" if dependencies.control.complete else "not read to its end yet",
            "postgres": await _said(dependencies.queries.ping),
            "redis": await _said(dependencies.cache.ping),
        }
        if all(said == "ok" for said in checks.values()):
            return HealthReport(status="ok", checks=checks)
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return HealthReport(status="unavailable", checks=checks)

    @router.get("/metrics", response_class=Response)
    @open_to_all
    def get_metrics() -> Response:
        """The service's metrics in Prometheus' text format."""
        return Response(generate_latest(dependencies.registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def _said(ping: Callable[[], Awaitable[None]]) -> str:
    try:
        await ping()
    except PandaError:
        return "does not answer"
    return "ok"
