"""`/api/v1/ops/strategies/{name}`: pause a strategy and let it go on, through its resource."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from starlette.exceptions import HTTPException

from alpha_panda.api.asked import ReasonAsked
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.ops_models import LIVE, SECOND_PERSON, StateAnswer, waits
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Principal, Role, current_principal
from alpha_panda.events.audit import Action
from alpha_panda.operations.pausing import set_state
from alpha_panda.resources.strategy import Mode, StrategyState

Asking = Annotated[Principal, Depends(current_principal)]


def pausing_routes(dependencies: Dependencies) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1/ops/strategies", tags=["ops"])
    desk = dependencies.desk

    @router.post("/{name}/pause", responses=LIVE)
    @needs(Role.TRADER, counted=True)
    async def pause(name: str, who: Asking, wanted: ReasonAsked) -> StateAnswer:
        """Let a strategy enter no more; it goes on exiting, and stays warm (state: Paused in its resource)."""
        before = dependencies.require_strategy(name).spec.state
        desk.require_resources()
        await desk.record(who, Action.PAUSE, f"Strategy {name}", wanted.reason, before={"state": before.value})
        return await put(name, StrategyState.PAUSED, who)

    @router.post("/{name}/unpause", responses={**waits(StateAnswer), **LIVE})
    @needs(Role.TRADER, counted=True)
    async def unpause(name: str, who: Asking, wanted: ReasonAsked, response: Response) -> StateAnswer:
        """Let a paused strategy enter again, and a quarantined one start anew; a live one needs two people."""
        view = dependencies.require_strategy(name)
        before, subject = view.spec.state.value, f"Strategy {name}"
        desk.require_resources()
        live = view.spec.mode is Mode.LIVE
        if live and not await dependencies.second_person(who, Action.UNPAUSE, subject, wanted.reason):
            response.status_code = HTTPStatus.ACCEPTED
            return StateAnswer(strategy=name, before=before, state=before, waits_for=SECOND_PERSON)
        await desk.record(who, Action.UNPAUSE, subject, wanted.reason, before={"state": before})
        if dependencies.control.quarantine(view) is not None:
            # A quarantine holds for one generation, and what is Running has no other by being asked to run.
            await put(name, StrategyState.PAUSED, who)
        return await put(name, StrategyState.RUNNING, who)

    async def put(name: str, state: StrategyState, who: Principal) -> StateAnswer:
        was = await set_state(desk.resources(), name, state, who.name)
        if was is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no strategy {name!r} among the resources")
        return StateAnswer(strategy=name, before=was.value, state=state.value)

    return router
