"""`/api/v1/portfolios/{broker}/risk`: what an account may do, what keeps it from more, and what was refused last."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Lock, Reason, Refusal, RiskReport
from alpha_panda.api.portfolios import halts_of
from alpha_panda.api.problems import documented
from alpha_panda.api.queries import SIGNALS, Row
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.domain import locks
from alpha_panda.domain.breakers import CODES_OF_BREAKERS
from alpha_panda.domain.standing import Standing

Refusals = Annotated[int, Query(ge=0, le=100, description="How many of the last refusals to tell.")]


def risk_routes(dependencies: Dependencies) -> APIRouter:
    """The route of an account's risk."""
    router = APIRouter(prefix="/api/v1/portfolios", tags=["portfolios"])

    @router.get("/{broker}/risk", responses=documented(404, 422, 503))
    @needs(Role.VIEWER)
    async def get_risk(broker: str, refusals: Refusals = 20) -> RiskReport:
        """What the account may do, its halts, breakers and pauses, and why its last signals were refused."""
        view = dependencies.require_broker(broker)
        row = await dependencies.queries.standing(broker)
        found = None if row is None else msgspec.convert(row["data"], Standing)
        held = [] if found is None else [(lock, _lock(dependencies, lock)) for lock in found.locks]
        rows, _ = await dependencies.queries.page(SIGNALS, [broker], {"verdict": "rejected"}, refusals)
        return RiskReport(
            broker=broker,
            state=None if found is None else found.state.value,
            as_of=None if found is None else found.as_of,
            written_at=None if row is None else row["written_at"],
            halts=halts_of(dependencies, view),
            breakers=[shown for lock, shown in held if lock.code in CODES_OF_BREAKERS],
            pauses=[shown for lock, shown in held if lock.code not in CODES_OF_BREAKERS],
            refusals=[_refusal(dependencies, each) for each in rows],
        )

    return router


def reasons_of(verdict: dict[str, Any]) -> list[Reason]:
    """Every reason of a rejection; of an older event its only one."""
    names = ("code", "value", "limit", "message")
    found = verdict.get("reasons") or [verdict]
    return [Reason(**{name: each[name] for name in names}) for each in found]


def _lock(dependencies: Dependencies, lock: locks.Lock) -> Lock:
    strategy, token = locks.subject_of(lock.subject)
    return Lock(
        code=lock.code,
        strategy=strategy,
        instrument=None if token is None else dependencies.instrument_name(token),
        instrument_token=token,
        value=lock.value,
        limit=lock.limit,
        message=lock.message,
        since=lock.since,
        until=lock.until,
    )


def _refusal(dependencies: Dependencies, row: Row) -> Refusal:
    return Refusal(
        signal_id=str(row["id"]),
        strategy=row["strategy"],
        instrument=dependencies.instrument_name(row["instrument_token"]),
        instrument_token=row["instrument_token"],
        intent=row["data"]["intent"],
        side=row["data"]["side"],
        event_time=row["event_time"],
        reasons=reasons_of(row["verdict_data"]),
    )
