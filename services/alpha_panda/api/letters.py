"""`/api/v1/ops/dead-letters/{topic}/replays`: write dead letters back to where they came from, as `panda dlq replay`.

No service may write to another one's topics, so the machine's supervisor does it; where there is none, this is 404.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from starlette.exceptions import HTTPException

from alpha_panda.api.asked import ReplayAsked
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.ops_models import LIVE, SECOND_PERSON, ReplayAnswer, waits
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Principal, Role, current_principal
from alpha_panda.errors import UnavailableError
from alpha_panda.events.audit import Action
from alpha_panda.operations.errands import WRITE_BACK, Errand, Told

Asking = Annotated[Principal, Depends(current_principal)]
Topic = Annotated[str, Path(max_length=200, pattern=r"^[A-Za-z0-9._-]+$", description="With or without its .dlq.")]


def letter_routes(dependencies: Dependencies) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/api/v1/ops/dead-letters", tags=["ops"])
    machine = dependencies.machine

    @router.post("/{topic}/replays", responses={**waits(ReplayAnswer), **LIVE})
    @needs(Role.TRADER, counted=True)
    async def replay(topic: Topic, who: Asking, wanted: ReplayAsked, response: Response) -> ReplayAnswer:
        """Write records back, each once; where they reach a live Broker, two people must ask for it."""
        machine.require_supervisor()
        live = _reaches_live(dependencies, topic)
        if live and not await dependencies.second_person(who, Action.REPLAY, topic, wanted.reason):
            response.status_code = HTTPStatus.ACCEPTED
            return ReplayAnswer(topic=topic, written=0, counts={}, says="not yet", waits_for=SECOND_PERSON)
        await dependencies.desk.record(who, Action.REPLAY, topic, wanted.reason)
        told = await machine.run(Errand(topic=topic, returned=wanted.returned))
        if told.wrong:
            raise HTTPException(HTTPStatus.NOT_FOUND, told.problem)
        if told.problem:
            raise UnavailableError(told.problem)
        return ReplayAnswer(topic=topic, written=told.written, counts=told.counts, says=_in_words(told))

    return router


def _in_words(told: Told) -> str:
    others = (f"{count} {decision}" for decision, count in told.counts.items() if decision != WRITE_BACK)
    return ", ".join([f"{told.written} written back", *others])


def _reaches_live(dependencies: Dependencies, topic: str) -> bool:
    """Whether a live Broker reads what is written back: its own topics, and those that belong to no Broker."""
    brokers = dependencies.control.brokers
    owner = topic.partition(".")[0].rpartition("_")[2]  # a prefix ends in an underscore, which no Broker's name has
    owners = [each for each in brokers if each.name == owner]
    return not dependencies.control.complete or any(each.spec.live for each in owners or brokers)
