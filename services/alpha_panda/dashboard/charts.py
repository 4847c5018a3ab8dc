"""What the charts draw: candles, trades and levels of a strategy, and the curve of an account. Seconds and rupees."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.queries import FILLS, ORDERS, Row
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.dashboard.account import read_account
from alpha_panda.dashboard.books import Books
from alpha_panda.dashboard.listings import BARS
from alpha_panda.domain.analytics.drawdowns import underwater
from alpha_panda.domain.analytics.trades import Trade
from alpha_panda.domain.calendar import IST
from alpha_panda.events.market import Timeframe

CANDLES: Final = 1_500
MARKS: Final = 500
TRADES: Final = 40
"""The last trades whose stop and target are drawn."""
_OFFSET: Final = int(IST.utcoffset(None).total_seconds())
_PROTECTING: Final = ("stop", "target")


def chart_routes(dependencies: Dependencies, books: Books) -> APIRouter:
    """The data behind the charts."""
    router = APIRouter(prefix="/charts/{broker}", include_in_schema=False)

    @router.get("/equity")
    @needs(Role.VIEWER)
    async def get_equity(broker: str) -> dict[str, Any]:
        """Equity and the fall from its highest point so far."""
        dependencies.require_broker(broker)
        account = await read_account(dependencies, broker)
        curve = [] if account is None else account.curve
        return {
            "times": [_seconds(at) for at, _ in curve],
            "equity": [_rupees(equity) for _, equity in curve],
            "drawdown": [round(-100 * fall, 4) for _, fall in underwater(curve)],
            "start": None if account is None else _rupees(account.summary["starting_cash_paise"]),
        }

    @router.get("/{strategy}/{token}/{timeframe}")
    @needs(Role.VIEWER)
    async def get_candles(broker: str, strategy: str, token: int, timeframe: Timeframe) -> dict[str, Any]:
        """Candles of an instrument, and what a strategy did on it."""
        dependencies.require_broker(broker)
        dependencies.require_strategy(strategy)
        queries = dependencies.queries
        wanted = {"instrument_token": token}
        bars, _ = await queries.page(BARS, [broker], {**wanted, "timeframe": timeframe.value}, CANDLES)
        fills, _ = await queries.page(FILLS, [broker], {**wanted, "strategy": strategy}, MARKS)
        working, _ = await queries.page(ORDERS, [broker], {**wanted, "strategy": strategy, "status": "open"}, MARKS)
        account = await read_account(dependencies, broker)
        book = await books.read(broker, 0 if account is None else account.summary["fills"])
        own = [each for each in book.closed if (each.strategy, each.instrument_token) == (strategy, token)]
        return {
            "candles": [_candle(row) for row in reversed(bars)],
            "marks": [_mark(row) for row in reversed(fills)],
            "working": [_level(row) for row in working if row["leg"] in _PROTECTING],
            "trades": [_levels(trade) for trade in own[-TRADES:]],
        }

    return router


def _seconds(at: datetime) -> int:
    """Charts know no zones: what they are told as UTC is the time of India."""
    return int(at.timestamp()) + _OFFSET


def _rupees(paise: int) -> float:
    return paise / 100


def _candle(row: Row) -> dict[str, float]:
    names = ("open", "high", "low", "close")
    prices = {name: _rupees(row[f"{name}_paise"]) for name in names}
    return {"time": _seconds(row["start"]), **prices, "volume": row["volume"]}


def _mark(row: Row) -> dict[str, Any]:
    leg = row["data"]["order"]["leg"]
    return {
        "time": _seconds(row["event_time"]),
        "side": row["side"],
        "leg": leg,
        "quantity": row["quantity"],
        "price": _rupees(row["price_paise"]),
    }


def _level(row: Row) -> dict[str, Any]:
    order = row["data"]["order"]
    paise = order.get("trigger_price_paise") or order.get("limit_price_paise")
    return {"leg": row["leg"], "price": None if paise is None else _rupees(paise)}


def _levels(trade: Trade) -> dict[str, Any]:
    return {
        "from": _seconds(trade.entered_at),
        "to": _seconds(trade.left_at),
        "stop": None if trade.stop_loss_paise is None else _rupees(trade.stop_loss_paise),
        "target": None if trade.target_paise is None else _rupees(trade.target_paise),
    }
