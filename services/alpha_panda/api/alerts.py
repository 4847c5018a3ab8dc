"""`/api/v1/alerts`: what a person should hear of, and that somebody deals with it."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.exceptions import HTTPException

from alpha_panda.api.cursors import Cursor, decode_cursor
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Answer, Page
from alpha_panda.api.problems import documented
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Principal, Role, current_principal
from alpha_panda.domain.alerts import AlertState, Kind, Priority
from alpha_panda.events.audit import Action
from alpha_panda.runtime.alert_pages import ListedAlert, Place, Wanted, list_alerts

Asking = Annotated[Principal, Depends(current_principal)]
StateFilter = Annotated[AlertState | None, Query(description="Only alerts of this state.")]
KindFilter = Annotated[Kind | None, Query(description="Only alerts of this kind.")]
BrokerFilter = Annotated[str | None, Query(description="Only alerts of this Broker.", max_length=100)]
PriorityFilter = Annotated[Priority, Query(description="The least urgent to show.")]
Limit = Annotated[int, Query(ge=1, le=500, description="Items on a page.")]
From = Annotated[str | None, Query(description="`cursor` of the page before.")]


class AlertAnswer(Answer):
    """An alert. A notice is resolved from its beginning; a condition is open until it is over."""

    id: UUID
    kind: Kind
    priority: Priority
    state: AlertState
    title: str = Field(examples=["Trading is halted: all"])
    text: str = Field(examples=["by ana: the feed shows nonsense; exits and cancellations go on"])
    broker: str | None
    strategy: str | None
    count: int = Field(description="How often it came.")
    raised_at: datetime = Field(description="Event time of the first.")
    last_at: datetime = Field(description="Event time of the last change.")
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    written_at: datetime = Field(description="Wall time at which it was first written; lists are in this order.")


def alert_routes(dependencies: Dependencies) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"])

    @router.get("", responses=documented(422, 503))
    @needs(Role.VIEWER)
    async def list_all(  # noqa: PLR0913, PLR0917 - each is one filter
        state: StateFilter = None,
        kind: KindFilter = None,
        broker: BrokerFilter = None,
        priority: PriorityFilter = Priority.LOW,
        limit: Limit = 100,
        cursor: From = None,
    ) -> Page[AlertAnswer]:
        """Alerts, the latest first."""
        wanted = Wanted(state=state, kind=kind, broker=_keepable(broker), priority=priority)
        after = decode_cursor(cursor)
        found, following = await list_alerts(
            dependencies.alerts.pool, wanted, limit, None if after is None else Place(after.at, after.id)
        )
        ends = None if following is None else Cursor(following.at, following.id).encode()
        return Page(items=[_shown(each) for each in found], cursor=ends)

    @router.post("/{alert_id}/acknowledgement", responses=documented(404, 422, 503), status_code=HTTPStatus.NO_CONTENT)
    @needs(Role.TRADER)
    async def acknowledge(alert_id: UUID, who: Asking) -> None:
        """Note that one deals with an open alert; what goes on stays until it is over."""
        await dependencies.desk.record(who, Action.ACKNOWLEDGE, f"alert {alert_id}")
        if not await dependencies.alerts.acknowledge(alert_id, who.name):
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no alert {alert_id} is open; see /api/v1/alerts?state=open")

    return router


def _keepable(text: str | None) -> str | None:
    """No store holds U+0000, so nothing is called so."""
    return None if text is None else text.replace("\0", "\ufffd")


def _shown(listed: ListedAlert) -> AlertAnswer:
    alert = listed.alert
    return AlertAnswer(
        id=UUID(alert.id),
        kind=alert.kind,
        priority=alert.priority,
        state=alert.state,
        title=alert.title,
        text=alert.text,
        broker=alert.broker,
        strategy=alert.strategy,
        count=alert.count,
        raised_at=alert.raised_at,
        last_at=alert.last_at,
        resolved_at=alert.resolved_at,
        acknowledged_at=listed.acknowledged_at,
        acknowledged_by=listed.acknowledged_by,
        written_at=listed.written_at,
    )
