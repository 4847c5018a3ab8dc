"""`/api/v1/portfolios/{broker}/signals/{id}`: why a signal was raised, what was said to it, and what became of it."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

import msgspec
from fastapi import APIRouter
from pydantic import Field
from starlette.exceptions import HTTPException

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Answer, Fill, Order, Signal
from alpha_panda.api.problems import documented
from alpha_panda.api.queries import FILLS, ORDERS, SIGNALS
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.api.trades import fill_of, order_of, signal_of
from alpha_panda.events.signals import Vote

_MOST = 500


class VoteShown(Answer):
    """What one indicator said."""

    indicator: str
    timeframe: str
    action: str
    strength: float
    weight: float = Field(description="Its share of the weights of all votes.")
    value: str


class Explanation(Answer):
    """A signal from the votes to the fills; `outcome` is a sentence."""

    outcome: str = Field(examples=["not traded: day loss 3.2 % > limit 3 % (risk.dailyLossPercent)"])
    signal: Signal
    votes: list[VoteShown] = Field(description="Empty where the strategy counts none.")
    orders: list[Order]
    fills: list[Fill]


def explain_routes(dependencies: Dependencies) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/api/v1/portfolios/{broker}", tags=["signals"])

    @router.get("/signals/{signal_id}", responses=documented(404, 422, 503))
    @needs(Role.VIEWER)
    async def explain_signal(broker: str, signal_id: UUID) -> Explanation:
        """Why there was a trade, or none."""
        dependencies.require_broker(broker)
        queries = dependencies.queries
        rows, _ = await queries.page(SIGNALS, [broker], {"id": signal_id}, 1)
        if not rows:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no signal {signal_id} on {broker}")
        signal = signal_of(dependencies, rows[0])
        orders, _ = await queries.page(ORDERS, [broker], {"signal_id": signal_id}, _MOST)
        ids = [row["order_id"] for row in orders]
        fills, _ = await queries.page(FILLS, [broker], {"order_ids": ids}, _MOST) if ids else ([], None)
        votes = [msgspec.convert(each, Vote) for each in rows[0]["data"].get("votes") or ()]
        return Explanation(
            outcome=_outcome(signal, len(orders), len(fills)),
            signal=signal,
            votes=[VoteShown.model_validate(msgspec.to_builtins(each)) for each in votes],
            orders=[order_of(dependencies, row) for row in orders],
            fills=[fill_of(dependencies, row) for row in fills],
        )

    return router


def _outcome(signal: Signal, orders: int, fills: int) -> str:
    verdict = signal.verdict
    if verdict is None:
        return "no verdict yet: the risk manager has not decided, or history has not written it"
    if verdict.verdict == "rejected":
        return f"not traded: {(verdict.message or '').removeprefix('rejected: ')}"
    if orders == 0:
        return f"validated for {verdict.quantity}, and no order yet"
    return f"validated for {verdict.quantity} ({verdict.binding_constraint}): {orders} orders, {fills} fills"
