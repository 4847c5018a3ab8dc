"""`/api/v1/portfolios/{broker}/…`: one account's positions, orders, fills, signals, equity, trades and figures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from alpha_panda.api.book_models import Analytics, Equity, Figures, Positions, Results, RoundTrip, Trades
from alpha_panda.api.cursors import decode_cursor
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Fill, Freshness, Order, Page, Signal
from alpha_panda.api.money import Money
from alpha_panda.api.portfolios import equity_point, position, strategy_result
from alpha_panda.api.problems import documented
from alpha_panda.api.queries import FILLS, ORDERS, SIGNALS, Listing, Row
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.api.trades import (
    From,
    InstrumentFilter,
    Limit,
    OrderStatus,
    SignalVerdict,
    StrategyFilter,
    fill_of,
    order_of,
    signal_of,
)
from alpha_panda.domain.analytics.trades import Trade, TradeStatistics, statistics
from alpha_panda.errors import UnavailableError

RESPONSES = documented(404, 422, 503)
Status = Annotated[OrderStatus | None, Query(description="Only orders of this status.")]
Verdicts = Annotated[SignalVerdict | None, Query(description="Only signals of this verdict.")]


def book_routes(dependencies: Dependencies) -> APIRouter:  # noqa: C901 - a function for each route
    """The routes."""
    router = APIRouter(prefix="/api/v1/portfolios/{broker}", tags=["portfolios"])

    async def part(broker: str, name: str) -> tuple[Freshness, list[dict[str, Any]]]:
        dependencies.require_broker(broker)
        found = (await dependencies.cache.read(broker, name)).get(name)
        if found is None:
            raise UnavailableError(f"the portfolio service of {broker} has not written its {name} yet")
        return dependencies.cache.freshness(found), list(found.data)

    async def page(
        listing: Listing, broker: str, instrument: str | None, limit: int, cursor: str | None, **filters: str | None
    ) -> tuple[list[Row], str | None]:
        dependencies.require_broker(broker)
        wanted = {**filters, "instrument_token": dependencies.token_asked(instrument)}
        rows, following = await dependencies.queries.page(listing, [broker], wanted, limit, decode_cursor(cursor))
        return rows, None if following is None else following.encode()

    @router.get("/positions", responses=RESPONSES)
    @needs(Role.VIEWER)
    async def list_positions(broker: str) -> Positions:
        """What is held, at the last price."""
        age, rows = await part(broker, "positions")
        return Positions(broker=broker, freshness=age, positions=[position(dependencies, each) for each in rows])

    @router.get("/equity", responses=RESPONSES)
    @needs(Role.VIEWER)
    async def get_equity(broker: str) -> Equity:
        """What the account was worth over time."""
        age, rows = await part(broker, "equity")
        points = [equity_point(row) for row in rows]
        return Equity(broker=broker, freshness=age, points=points)

    @router.get("/strategies", responses=RESPONSES)
    @needs(Role.VIEWER)
    async def list_results(broker: str) -> Results:
        """What each strategy made here."""
        age, rows = await part(broker, "strategies")
        return Results(broker=broker, freshness=age, strategies=[strategy_result(each) for each in rows])

    @router.get("/orders", responses=RESPONSES)
    @needs(Role.VIEWER)
    async def list_orders(  # noqa: PLR0913, PLR0917
        broker: str,
        strategy: StrategyFilter = None,
        instrument: InstrumentFilter = None,
        status: Status = None,
        limit: Limit = 100,
        cursor: From = None,
    ) -> Page[Order]:
        """Orders of this account, latest first."""
        rows, following = await page(ORDERS, broker, instrument, limit, cursor, strategy=strategy, status=status)
        return Page(items=[order_of(dependencies, row) for row in rows], cursor=following)

    @router.get("/fills", responses=RESPONSES)
    @needs(Role.VIEWER)
    async def list_fills(
        broker: str,
        strategy: StrategyFilter = None,
        instrument: InstrumentFilter = None,
        limit: Limit = 100,
        cursor: From = None,
    ) -> Page[Fill]:
        """Fills of this account, latest first."""
        rows, following = await page(FILLS, broker, instrument, limit, cursor, strategy=strategy)
        return Page(items=[fill_of(dependencies, row) for row in rows], cursor=following)

    @router.get("/signals", responses=RESPONSES)
    @needs(Role.VIEWER)
    async def list_signals(  # noqa: PLR0913, PLR0917
        broker: str,
        strategy: StrategyFilter = None,
        instrument: InstrumentFilter = None,
        verdict: Verdicts = None,
        limit: Limit = 100,
        cursor: From = None,
    ) -> Page[Signal]:
        """Signals on this account with their verdicts, latest first."""
        rows, following = await page(SIGNALS, broker, instrument, limit, cursor, strategy=strategy, verdict=verdict)
        return Page(items=[signal_of(dependencies, row) for row in rows], cursor=following)

    @router.get("/trades", responses=RESPONSES)
    @needs(Role.VIEWER)
    async def list_trades(broker: str, strategy: StrategyFilter = None, limit: Limit = 100) -> Trades:
        """Closed trades, latest first: each position from its first fill until it was flat again."""
        dependencies.require_broker(broker)
        found, complete = await dependencies.queries.closed_trades(broker)
        chosen = [each for each in reversed(found) if strategy is None or each.strategy == strategy]
        shown = [_round_trip(dependencies, each) for each in chosen[:limit]]
        return Trades(broker=broker, complete=complete, trades=shown)

    @router.get("/analytics", responses=RESPONSES)
    @needs(Role.VIEWER)
    async def get_analytics(broker: str) -> Analytics:
        """The closed trades in figures, as a whole and by strategy."""
        dependencies.require_broker(broker)
        found, complete = await dependencies.queries.closed_trades(broker)
        names = sorted({each.strategy for each in found})
        by_strategy = {name: _figures(statistics([each for each in found if each.strategy == name])) for name in names}
        return Analytics(broker=broker, complete=complete, total=_figures(statistics(found)), strategies=by_strategy)

    return router


def _round_trip(dependencies: Dependencies, trade: Trade) -> RoundTrip:
    return RoundTrip(
        strategy=trade.strategy,
        instrument=dependencies.instrument_name(trade.instrument_token),
        instrument_token=trade.instrument_token,
        side=trade.side.value,
        quantity=trade.quantity,
        entered_at=trade.entered_at,
        left_at=trade.left_at,
        gross=Money.of(trade.gross_paise),
        charges=Money.of(trade.charges_paise),
        net=Money.of(trade.net_paise),
        slippage=Money.of(trade.slippage_paise),
        entry_reason=trade.entry_reason,
        exit_leg=trade.exit_leg.value,
        exit_reason=trade.exit_reason,
        signal_id=trade.signal_id,
    )


def _figures(found: TradeStatistics) -> Figures:
    return Figures(
        trades=found.trades,
        wins=found.wins,
        losses=found.losses,
        net=Money.of(found.net_paise),
        charges=Money.of(found.charges_paise),
        slippage=Money.of(found.slippage_paise),
        win_rate=found.win_rate,
        profit_factor=found.profit_factor,
        expectancy_rupees=found.expectancy_rupees,
        expectancy_r=found.expectancy_r,
        average_held_seconds=None if found.average_held is None else found.average_held.total_seconds(),
    )
