"""`/api/v1/services`, `/monitoring`, `/logs` and `/system`: how the platform itself is.

On one machine the supervisor's status file says what runs, and each service says the rest itself. On Kubernetes the
API has no right to ask the cluster: there these routes answer 404 and name the command that tells.
"""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.exceptions import HTTPException

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Answer
from alpha_panda.api.problems import documented
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.domain.calendar import SessionCalendar, default_calendar
from alpha_panda.errors import PandaError

Lines = Annotated[int, Query(ge=1, le=1000, description="So many of the newest lines.")]
Service = Annotated[str | None, Query(max_length=100, description="Only of services whose name contains this.")]
Level = Annotated[Literal["debug", "info", "warning", "error", "critical"], Query(description="This level and worse.")]
Search = Annotated[str | None, Query(max_length=200, description="Only lines that contain this, capitals aside.")]


class FindingShown(Answer):
    """Something that the watch over the pipeline finds wrong."""

    code: str
    message: str


class ServiceShown(Answer):
    """A service or store."""

    name: str
    kind: Literal["service", "store"]
    state: str = Field(examples=["Ready"])
    restarts: int
    lag: int | None = Field(description="Records that wait for it.")
    event_age_seconds: float | None = Field(description="Since its last event.")
    finished: bool = Field(description="It is past the end of a replay.")
    reason: str
    findings: list[FindingShown]


class Services(Answer):
    """Everything that runs, and how old the supervisor's word is."""

    age_seconds: float
    services: list[ServiceShown]


class BrokerFreshness(Answer):
    """How old what is shown of an account is."""

    broker: str
    portfolio_as_of: datetime | None
    portfolio_age_seconds: float | None


class Monitoring(Answer):
    """Whether the pipeline flows, and whether it ought to."""

    market_open: bool = Field(description="By the calendar of the exchange, at the wall clock's time.")
    next_open: datetime | None
    healthy: bool = Field(description="Nothing below is stale or found wrong.")
    brokers: list[BrokerFreshness]
    services: list[ServiceShown] = Field(description="Those with something wrong.")
    missing: list[str] = Field(description="What could not be asked.")


class LogLine(Answer):
    """A line of a log."""

    at: str
    level: str
    service: str
    message: str
    fields: dict[str, Any]


class LogStatistics(Answer):
    """How much of a service's log waits to be written, and what was dropped since its start."""

    service: str
    queue: int
    capacity: int
    dropped: int


class System(Answer):
    """What this is."""

    version: str
    pacing: str = Field(description="epochs: a replay; arrival: live, or a synthetic market.")
    control_read: bool = Field(description="Whether the control topics were read to their ends.")
    brokers: int
    strategies: int
    listeners: int = Field(description="Clients of the stream of events.")


def system_routes(dependencies: Dependencies) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["system"])
    machine = dependencies.machine

    @router.get("/services", responses=documented(404, 503))
    @needs(Role.VIEWER)
    async def list_services() -> Services:
        """Each service and store: state, restarts, lag, the age of its last event, what is wrong."""
        age, found = await machine.services()
        return Services(age_seconds=age, services=[ServiceShown.model_validate(each) for each in found])

    @router.get("/monitoring", responses=documented(503))
    @needs(Role.VIEWER)
    async def get_monitoring() -> Monitoring:
        """Whether everything flows. Outside market hours silence is nothing wrong."""
        missing: list[str] = []
        elsewhere: list[str] = []
        brokers = [await _freshness(dependencies, each.name, missing) for each in dependencies.control.brokers]
        shown: list[ServiceShown] = []
        try:
            _, found = await machine.services()
            shown = [ServiceShown.model_validate(each) for each in found]
        except HTTPException as error:
            elsewhere.append(f"services: {error.detail}")
        except PandaError as error:
            missing.append(f"services: {error}")
        wrong = [each for each in shown if each.findings or each.state != "Ready"]
        now = dependencies.clock()
        calendar = default_calendar()
        is_open = _is_open(calendar, now)
        return Monitoring(
            market_open=is_open,
            next_open=None if is_open else _next_open(calendar, now),
            healthy=not wrong and not missing,
            brokers=brokers,
            services=wrong,
            missing=[*missing, *elsewhere],
        )

    @router.get("/logs", responses=documented(404, 422, 503))
    @needs(Role.TRADER)
    async def list_logs(
        service: Service = None, level: Level = "info", search: Search = None, lines: Lines = 200
    ) -> list[LogLine]:
        """The newest lines of the logs, oldest first; secrets were masked when they were written."""
        found = await machine.logs(service, level, search, lines)
        return [LogLine.model_validate(each) for each in found]

    @router.get("/logs/stats", responses=documented(404, 503))
    @needs(Role.VIEWER)
    async def list_log_statistics() -> list[LogStatistics]:
        """Lines that wait in each service, how many may, and how many were dropped."""
        return [LogStatistics.model_validate(each) for each in await machine.log_statistics()]

    @router.get("/system")
    @needs(Role.VIEWER)
    async def get_system() -> System:
        """Version, what kind of run this is, and what it knows."""
        return System(
            version=version("alpha-panda"),
            pacing=machine.pacing,
            control_read=dependencies.control.complete,
            brokers=len(dependencies.control.brokers),
            strategies=len(dependencies.control.strategies),
            listeners=dependencies.hub.listeners,
        )

    return router


def _is_open(calendar: SessionCalendar, now: datetime) -> bool:
    try:
        return calendar.session_at(now) is not None
    except PandaError:
        return False  # behind the end of the table of sessions


def _next_open(calendar: SessionCalendar, now: datetime) -> datetime | None:
    try:
        return calendar.next_session_open(now)
    except PandaError:
        return None  # behind the end of the table of sessions


async def _freshness(dependencies: Dependencies, broker: str, missing: list[str]) -> BrokerFreshness:
    try:
        found = (await dependencies.cache.read(broker, "summary")).get("summary")
    except PandaError as error:
        missing.append(f"portfolio of {broker}: {error}")
        found = None
    age = None if found is None else dependencies.cache.freshness(found)
    return BrokerFreshness(
        broker=broker,
        portfolio_as_of=None if age is None else age.as_of,
        portfolio_age_seconds=None if age is None else age.age_seconds,
    )
