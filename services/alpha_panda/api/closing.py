"""`/api/v1/ops/brokers/{broker}/closings`: close a strategy's position, as an exit that the risk manager decides on.

It can only make a position smaller, so one person is enough, also for live money; there it needs the second factor.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException

from alpha_panda.api.asked import CloseAsked
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.money import Money
from alpha_panda.api.ops_models import LIVE, CloseAnswer
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Principal, Role, current_principal
from alpha_panda.domain.money import paise_of_rupees, rupees
from alpha_panda.events.audit import Action
from alpha_panda.events.control import CloseWanted
from alpha_panda.events.signals import Side

Asking = Annotated[Principal, Depends(current_principal)]


def closing_routes(dependencies: Dependencies) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/api/v1/ops/brokers", tags=["ops"])
    desk = dependencies.desk

    @router.post("/{broker}/closings", responses=LIVE)
    @needs(Role.TRADER, counted=True)
    async def close_position(broker: str, who: Asking, wanted: CloseAsked) -> CloseAnswer:
        """Close what a strategy holds of an instrument, at the market or at a worst price; a halt lets it pass."""
        if dependencies.require_broker(broker).spec.live:
            await dependencies.require_person(who)
            dependencies.require_step_up(who)
        held = await _position(dependencies, broker, wanted)
        fact = _fact(broker, who, wanted, held)
        subject = f"{wanted.strategy} {wanted.instrument} {wanted.product} on {broker}"
        limit = {"worst_price_paise": fact.limit_price_paise}
        await desk.record(who, Action.CLOSE, subject, wanted.reason, before={"quantity": held["quantity"]}, after=limit)
        return CloseAnswer(
            broker=broker,
            strategy=wanted.strategy,
            instrument=wanted.instrument,
            quantity=held["quantity"],
            price=Money.of(held["price_paise"]),
            signal=await desk.close(fact),
        )

    return router


async def _position(dependencies: Dependencies, broker: str, wanted: CloseAsked) -> dict[str, Any]:
    token = dependencies.token_asked(wanted.instrument)
    parts = await dependencies.cache.read(broker, "positions")
    key = (wanted.strategy, token, wanted.product)
    for each in parts["positions"].data if "positions" in parts else ():
        if (each["strategy"], each["instrument_token"], each["product"]) == key:
            return dict(each)
    detail = f"{wanted.strategy} holds no {wanted.product} position in {wanted.instrument} on {broker}"
    raise HTTPException(HTTPStatus.NOT_FOUND, detail)


def _fact(broker: str, who: Principal, wanted: CloseAsked, held: dict[str, Any]) -> CloseWanted:
    """The wish; raises HTTPException (422) for a price that the market would first have to come to."""
    side = Side.SELL if held["quantity"] > 0 else Side.BUY
    last_paise = held["price_paise"]
    limit_paise = None if wanted.price is None else paise_of_rupees(str(wanted.price))
    if limit_paise is not None and side.sign * (limit_paise - last_paise) < 0:
        # While it rested, the position would be without its stop and its strategy could not exit.
        allowed = f"{'at most' if side is Side.SELL else 'at least'} the last price, {rupees(last_paise)}"
        detail = f"price: {rupees(limit_paise)} is not the worst price of a {side} now; allowed is {allowed}"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return CloseWanted(
        broker=broker,
        strategy=wanted.strategy,
        instrument_token=held["instrument_token"],
        product=wanted.product,
        side=side,
        reference_price_paise=last_paise,
        limit_price_paise=limit_paise,
        actor=who.name,
        reason=wanted.reason,
    )
