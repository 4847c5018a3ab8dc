"""`/api/v1/data`: bars and instruments."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import Request

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Answer
from alpha_panda.api.money import Money
from alpha_panda.api.problems import documented
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.events.market import Timeframe

Count = Annotated[int, Query(ge=1, le=2000, description="So many of the newest.")]
Before = Annotated[datetime | None, Query(description="Only bars that start before this moment, with its zone.")]


class BarShown(Answer):
    """A closed bar."""

    start: datetime
    open: Money
    high: Money
    low: Money
    close: Money
    volume: int


class Bars(Answer):
    """The bars of an instrument, oldest first."""

    instrument: str
    timeframe: Timeframe
    bars: list[BarShown]


class InstrumentShown(Answer):
    """What can be traded."""

    token: int
    name: str = Field(examples=["NSE:YESBANK"])
    segment: str
    tick_size: Money
    lot_size: int
    sector: str | None


def market_routes(dependencies: Dependencies) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1/data", tags=["data"])
    table = [
        InstrumentShown(
            token=each.token,
            name=each.name,
            segment=each.segment.value,
            tick_size=Money.of(each.tick_size_paise),
            lot_size=each.lot_size,
            sector=each.sector,
        )
        for each in dependencies.instruments
    ]
    tag = f'"{abs(hash(tuple(each.token for each in table))):x}-{len(table)}"'

    @router.get("/instruments", responses={304: {"description": "Not Modified"}, **documented(422)})
    @needs(Role.VIEWER)
    async def list_instruments(request: Request, response: Response) -> list[InstrumentShown]:
        """The instrument table; with `If-None-Match` only where it is another one."""
        response.headers["ETag"] = tag
        if request.headers.get("if-none-match") == tag:
            raise HTTPException(HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
        return table

    @router.get("/bars/{instrument}", responses=documented(404, 422, 503))
    @needs(Role.VIEWER)
    async def list_bars(
        instrument: str, timeframe: Timeframe = Timeframe.M5, count: Count = 300, before: Before = None
    ) -> Bars:
        """Closed bars of an instrument (EXCHANGE:SYMBOL), oldest first."""
        exchange, _, symbol = instrument.partition(":")
        found = dependencies.instruments.find(exchange, symbol)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no instrument {instrument!r}; write EXCHANGE:SYMBOL")
        if before is not None and before.tzinfo is None:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"query.before: {before.isoformat()} has no zone")
        rows = await dependencies.queries.bars(found.token, timeframe.value, count, before)
        bars = [
            BarShown(
                start=row["start"],
                volume=row["volume"],
                **{name: Money.of(row[f"{name}_paise"]) for name in ("open", "high", "low", "close")},
            )
            for row in rows
        ]
        return Bars(instrument=found.name, timeframe=timeframe, bars=bars)

    return router
