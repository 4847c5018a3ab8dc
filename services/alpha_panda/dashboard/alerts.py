"""The page of alerts: what goes on and who deals with it, and what is over.

The notifier writes them to PostgreSQL; whoever may trade acknowledges them through the API's route. They are of the
whole platform: a feed that is silent concerns every Broker.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from alpha_panda.api.cursors import Cursor, decode_cursor
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.dashboard.frame import Frame
from alpha_panda.domain.alerts import AlertState, Kind, Priority
from alpha_panda.runtime.alert_pages import ListedAlert, Place, Wanted, list_alerts

MOST: Final = 200
"""Of what goes on; more at one time is a flood, and the page says that there are more."""
ROWS: Final = 50


def alert_page(dependencies: Dependencies, frame: Frame) -> APIRouter:
    """The route of the page."""
    router = APIRouter(prefix="/brokers/{broker}", include_in_schema=False, route_class=frame.route_class)

    @router.get("/alerts")
    @needs(Role.VIEWER)
    async def show_alerts(
        request: Request,
        broker: str,
        priority: Priority = Priority.LOW,
        before: Annotated[str | None, Query()] = None,
    ) -> HTMLResponse:
        """Alerts of this urgency and above: open, acknowledged, and over; the latest first."""
        stand = await frame.stand(broker)
        pool = dependencies.alerts.pool
        cursor = decode_cursor(before)
        place = None if cursor is None else Place(cursor.at, cursor.id)
        waiting, more_waiting = await list_alerts(pool, Wanted(state=AlertState.OPEN, priority=priority), MOST)
        taken, _ = await list_alerts(pool, Wanted(state=AlertState.ACKNOWLEDGED, priority=priority), MOST)
        over, following = await list_alerts(pool, Wanted(state=AlertState.RESOLVED, priority=priority), ROWS, place)
        return frame.page(
            request,
            "alerts",
            stand,
            waiting=waiting,
            more_waiting=more_waiting is not None,
            taken=taken,
            over=over,
            more=None if following is None else Cursor(following.at, following.id).encode(),
            priorities=list(Priority),
            chosen=priority,
        )

    return router


async def read_dead_letters(dependencies: Dependencies) -> list[ListedAlert]:
    """The alerts of topics with dead letters that nobody has dealt with to the end, the latest first."""
    pool = dependencies.alerts.pool
    states = (AlertState.OPEN, AlertState.ACKNOWLEDGED)
    pages = [await list_alerts(pool, Wanted(state=state, kind=Kind.DEAD_LETTER), MOST) for state in states]
    return [listed for page, _ in pages for listed in page]
