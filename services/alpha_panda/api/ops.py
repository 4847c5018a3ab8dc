"""`/api/v1/ops`: halt and resume. A halt needs one person and no store; a release of live money needs two."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Response
from starlette.exceptions import HTTPException

from alpha_panda.api.asked import HaltAsked
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.ops_models import (
    LIVE,
    SECOND_PERSON,
    ApprovalAnswer,
    HaltAnswer,
    Halts,
    StandingHalt,
    StoreAnswer,
    waits,
)
from alpha_panda.api.problems import documented
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Principal, Role, current_principal
from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.events.audit import Action
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.operations.halting import DoorReport

Asking = Annotated[Principal, Depends(current_principal)]


def ops_routes(dependencies: Dependencies) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1/ops", tags=["ops"])
    desk = dependencies.desk

    @router.get("/halts", responses=documented(503))
    @needs(Role.VIEWER)
    async def list_halts() -> Halts:
        """What is halted, by which store, by whom and why."""
        found = await desk.halts()
        if found.unreadable and not found.halts and len(found.unreadable) == len(desk.doors):
            raise UnavailableError("no store could be read: what is halted is not known")
        return Halts(
            halts=[
                StandingHalt(
                    scope=each.scope, subject=each.subject, store=each.door, actor=each.actor, reason=each.reason
                )
                for each in found.halts
            ],
            unreadable=[_store(each) for each in found.unreadable],
        )

    @router.post("/halts", responses=documented(401, 403, 404, 413, 422, 503))
    @needs(Role.TRADER, always=True)
    async def halt(who: Asking, wanted: HaltAsked) -> HaltAnswer:
        """Refuse risk-increasing orders from now on; exits go on. One store that answers is enough."""
        subject = dependencies.require_subject(wanted.scope, wanted.subject)
        statement = TradingHalted(scope=wanted.scope, subject=subject, actor=who.name, reason=wanted.reason)
        reports = await desk.press(who, statement, lambda: _held(dependencies, statement))
        if not any(each.done for each in reports):
            said = "; ".join(f"{each.door}: {each.says}" for each in reports)
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, f"trading is NOT halted: no store took it: {said}")
        return _answer(wanted, subject, reports, halted=True)

    @router.post("/resumptions", responses={**waits(HaltAnswer), **LIVE})
    @needs(Role.TRADER, counted=True)
    async def resume(who: Asking, wanted: HaltAsked, response: Response) -> HaltAnswer:
        """End the halt of exactly this scope; where it holds back live money, two people must ask for it."""
        subject = wanted.subject.upper() if wanted.scope is HaltScope.INSTRUMENT else wanted.subject
        name = f"{wanted.scope} {subject}".strip()
        if dependencies.concerns_live(wanted.scope, subject) and not await dependencies.second_person(
            who, Action.RESUME, name, wanted.reason
        ):
            response.status_code = HTTPStatus.ACCEPTED
            return HaltAnswer(scope=wanted.scope, subject=subject, halted=True, stores=[], waits_for=SECOND_PERSON)
        await desk.record(who, Action.RESUME, name, wanted.reason)
        statement = TradingResumed(scope=wanted.scope, subject=subject, actor=who.name, reason=wanted.reason)
        reports = await _release(dependencies, statement)
        left = any(not each.done for each in reports)
        dependencies.hub.publish("halts", {"scope": wanted.scope, "subject": subject, "halted": left})
        return _answer(wanted, subject, reports, halted=left)

    @router.get("/approvals", responses=documented(503))
    @needs(Role.VIEWER)
    async def list_approvals() -> list[ApprovalAnswer]:
        """What waits for a second person."""
        found = await dependencies.approvals.open(dependencies.clock())
        return [ApprovalAnswer.model_validate(_public(msgspec.structs.asdict(each))) for each in found]

    return router


def _held(dependencies: Dependencies, halt: TradingHalted) -> None:
    """One door holds it: pages and streams are told before the others have answered."""
    dependencies.control.press(halt)
    dependencies.hub.publish("halts", {"scope": halt.scope, "subject": halt.subject, "halted": True})


async def _release(dependencies: Dependencies, resumed: TradingResumed) -> tuple[DoorReport, ...]:
    try:
        reports = await dependencies.desk.release(resumed)
    except InputError:
        dependencies.control.release(resumed.scope, resumed.subject)
        raise
    if all(each.done for each in reports):
        dependencies.control.release(resumed.scope, resumed.subject)
    return reports


def _public(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name in ApprovalAnswer.model_fields}


def _store(report: DoorReport) -> StoreAnswer:
    return StoreAnswer(store=report.door, done=report.done, says=report.says)


def _answer(wanted: HaltAsked, subject: str, reports: tuple[DoorReport, ...], *, halted: bool) -> HaltAnswer:
    return HaltAnswer(scope=wanted.scope, subject=subject, halted=halted, stores=[_store(each) for each in reports])
