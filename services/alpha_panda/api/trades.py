"""`/api/v1/orders`, `/fills` and `/signals`: what was wanted, what was said to it, what became of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from alpha_panda.api.cursors import Cursor, decode_cursor
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Fill, Order, Page, Signal, Verdict
from alpha_panda.api.money import Money
from alpha_panda.api.problems import documented
from alpha_panda.api.queries import FILLS, ORDERS, SIGNALS, Listing, Row
from alpha_panda.api.risk import reasons_of
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role

OrderStatus = Literal["submitted", "open", "partially_filled", "filled", "failed", "cancelled"]
SignalVerdict = Literal["pending", "validated", "rejected"]
BrokerFilter = Annotated[str | None, Query(description="Only of this Broker.", examples=["paper"])]
StrategyFilter = Annotated[str | None, Query(description="Only of this Strategy.", examples=["momentum"])]
InstrumentFilter = Annotated[str | None, Query(description="Only of this instrument.", examples=["NSE:YESBANK"])]
StatusFilter = Annotated[OrderStatus | None, Query(description="Only orders of this status.")]
VerdictFilter = Annotated[SignalVerdict | None, Query(description="Only signals of this verdict.")]
Limit = Annotated[int, Query(ge=1, le=500, description="Items on a page.")]
From = Annotated[str | None, Query(description="`cursor` of the page before.")]
RESPONSES = documented(404, 422, 503)


def trade_routes(dependencies: Dependencies) -> APIRouter:
    """The routes of orders, fills and signals."""
    router = APIRouter(prefix="/api/v1", tags=["trades"])

    async def read(
        listing: Listing,
        broker: str | None,
        instrument: str | None,
        limit: int,
        cursor: str | None,
        **filters: str | None,
    ) -> tuple[list[Row], str | None]:
        token = dependencies.token_asked(instrument)
        rows, following = await dependencies.queries.page(
            listing,
            dependencies.brokers_asked(broker),
            {**filters, "instrument_token": token},
            limit,
            decode_cursor(cursor),
        )
        return rows, _encoded(following)

    @router.get("/orders", responses=RESPONSES)
    @needs(Role.VIEWER)
    async def list_orders(  # noqa: PLR0913, PLR0917
        broker: BrokerFilter = None,
        strategy: StrategyFilter = None,
        instrument: InstrumentFilter = None,
        status: StatusFilter = None,
        limit: Limit = 100,
        cursor: From = None,
    ) -> Page[Order]:
        """Orders, latest first."""
        rows, following = await read(ORDERS, broker, instrument, limit, cursor, strategy=strategy, status=status)
        return Page(items=[order_of(dependencies, row) for row in rows], cursor=following)

    @router.get("/fills", responses=RESPONSES)
    @needs(Role.VIEWER)
    async def list_fills(
        broker: BrokerFilter = None,
        strategy: StrategyFilter = None,
        instrument: InstrumentFilter = None,
        limit: Limit = 100,
        cursor: From = None,
    ) -> Page[Fill]:
        """Fills, latest first."""
        rows, following = await read(FILLS, broker, instrument, limit, cursor, strategy=strategy)
        return Page(items=[fill_of(dependencies, row) for row in rows], cursor=following)

    @router.get("/signals", responses=RESPONSES)
    @needs(Role.VIEWER)
    async def list_signals(  # noqa: PLR0913, PLR0917
        broker: BrokerFilter = None,
        strategy: StrategyFilter = None,
        instrument: InstrumentFilter = None,
        verdict: VerdictFilter = None,
        limit: Limit = 100,
        cursor: From = None,
    ) -> Page[Signal]:
        """Signals with their verdicts, latest first: here is why there was no trade."""
        rows, following = await read(SIGNALS, broker, instrument, limit, cursor, strategy=strategy, verdict=verdict)
        return Page(items=[signal_of(dependencies, row) for row in rows], cursor=following)

    return router


def _encoded(cursor: Cursor | None) -> str | None:
    return None if cursor is None else cursor.encode()


def _money(paise: int | None) -> Money | None:
    return None if paise is None else Money.of(paise)


def _common(dependencies: Dependencies, row: Row) -> dict[str, Any]:
    return {
        "broker": row["broker"],
        "strategy": row["strategy"],
        "instrument": dependencies.instrument_name(row["instrument_token"]),
        "instrument_token": row["instrument_token"],
    }


def order_of(dependencies: Dependencies, row: Row) -> Order:
    """A row as it is shown."""
    terms = row["data"]["order"]
    return Order(
        **_common(dependencies, row),
        order_id=str(row["order_id"]),
        signal_id=str(row["signal_id"]),
        leg=row["leg"],
        side=row["side"],
        quantity=row["quantity"],
        order_type=row["order_type"],
        product=terms["product"],
        limit_price=_money(terms["limit_price_paise"]),
        trigger_price=_money(terms["trigger_price_paise"]),
        status=row["status"],
        filled_quantity=row["filled_quantity"],
        filled_value=Money.of(row["filled_value_paise"]),
        code=row["data"].get("code"),
        message=row["data"].get("message"),
        submitted_at=row["submitted_at"],
        changed_at=row["changed_at"],
    )


def fill_of(dependencies: Dependencies, row: Row) -> Fill:
    """A row as it is shown."""
    return Fill(
        **_common(dependencies, row),
        id=str(row["id"]),
        order_id=str(row["order_id"]),
        leg=row["data"]["order"]["leg"],
        side=row["side"],
        quantity=row["quantity"],
        price=Money.of(row["price_paise"]),
        charges=Money.of(row["charges_paise"]),
        event_time=row["event_time"],
    )


def signal_of(dependencies: Dependencies, row: Row) -> Signal:
    """A row as it is shown."""
    data = row["data"]
    return Signal(
        **_common(dependencies, row),
        id=str(row["id"]),
        intent=data["intent"],
        side=data["side"],
        reference_price=Money.of(data["reference_price_paise"]),
        stop_loss=_money(data["stop_loss_paise"]),
        target=_money(data["target_paise"]),
        confidence=data["confidence"],
        reason=data["reason"],
        event_time=row["event_time"],
        verdict=_verdict(row),
    )


def _verdict(row: Row) -> Verdict | None:
    if row["verdict"] is None:
        return None
    data = row["verdict_data"]
    names = ("quantity", "binding_constraint", "code", "value", "limit", "message")
    reasons = reasons_of(data) if row["verdict"] == "rejected" else []
    return Verdict(verdict=row["verdict"], reasons=reasons, **{name: data.get(name) for name in names})
