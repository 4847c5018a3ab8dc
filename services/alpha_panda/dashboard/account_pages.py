"""The pages about one account: overview, orders and fills, risk, performance."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from alpha_panda.api.cursors import decode_cursor
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.queries import FILLS, ORDERS, SIGNALS
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.dashboard.account import read_account
from alpha_panda.dashboard.books import Book, Books
from alpha_panda.dashboard.frame import Frame
from alpha_panda.dashboard.limits import entry_terms, gauges
from alpha_panda.dashboard.listings import described
from alpha_panda.domain.analytics.drawdowns import deepest
from alpha_panda.domain.analytics.trades import Trade, statistics
from alpha_panda.domain.calendar import trading_date
from alpha_panda.domain.locks import subject_of

ROWS = 100
REFUSALS = 20
Cursor = Annotated[str | None, Query()]


def account_routes(dependencies: Dependencies, frame: Frame, books: Books) -> APIRouter:
    """The routes of these pages."""
    router = APIRouter(prefix="/brokers/{broker}", include_in_schema=False, route_class=frame.route_class)

    @router.get("")
    @needs(Role.VIEWER)
    async def show_overview(request: Request, broker: str) -> HTMLResponse:
        """Is it safe, what is it worth, what is open, how did the day go."""
        stand = await frame.stand(broker)
        account = await read_account(dependencies, broker)
        book = Book() if account is None else await books.read(broker, account.summary["fills"])
        today = [] if account is None else [each for each in book.closed if trading_date(each.left_at) == account.day]
        return frame.page(
            request,
            "overview",
            stand,
            account=account,
            trades=[_trade(dependencies, each) for each in reversed(today)],
            numbers=statistics(today),
        )

    @router.get("/orders")
    @needs(Role.VIEWER)
    async def show_orders(request: Request, broker: str, orders: Cursor = None, fills: Cursor = None) -> HTMLResponse:
        """What was ordered, and what was filled at which price and cost."""
        stand = await frame.stand(broker)
        found, more_orders = await dependencies.queries.page(ORDERS, [broker], {}, ROWS, decode_cursor(orders))
        filled, more_fills = await dependencies.queries.page(FILLS, [broker], {}, ROWS, decode_cursor(fills))
        return frame.page(
            request,
            "orders",
            stand,
            orders=[described(dependencies, row) for row in found],
            fills=[described(dependencies, row) for row in filled],
            more_orders=None if more_orders is None else more_orders.encode(),
            more_fills=None if more_fills is None else more_fills.encode(),
        )

    @router.get("/risk")
    @needs(Role.VIEWER)
    async def show_risk(request: Request, broker: str) -> HTMLResponse:
        """Each limit with its use, what keeps the account from more, and what was refused last."""
        stand = await frame.stand(broker)
        account = await read_account(dependencies, broker)
        limits = stand.broker.spec.account
        rows, _ = await dependencies.queries.page(SIGNALS, [broker], {"verdict": "rejected"}, REFUSALS)
        locks = [] if stand.standing is None else stand.standing.locks
        return frame.page(
            request,
            "risk",
            stand,
            account=account,
            gauges=[] if account is None else gauges(account, limits),
            terms=entry_terms(limits),
            locks=[(lock, _subject(dependencies, lock.subject)) for lock in locks],
            refusals=[described(dependencies, row) for row in rows],
        )

    @router.get("/performance")
    @needs(Role.VIEWER)
    async def show_performance(request: Request, broker: str) -> HTMLResponse:
        """Equity, its deepest fall, the months, and each strategy."""
        stand = await frame.stand(broker)
        account = await read_account(dependencies, broker)
        book = Book() if account is None else await books.read(broker, account.summary["fills"])
        return frame.page(
            request,
            "performance",
            stand,
            account=account,
            book=book,
            numbers=statistics(book.closed),
            drawdown=None if account is None else deepest(account.curve),
            months=_months(book.closed),
            by_strategy=_by_strategy(book.closed, [] if account is None else account.strategies),
            trades=[_trade(dependencies, each) for each in reversed(book.closed[-ROWS:])],
        )

    return router


def _trade(dependencies: Dependencies, trade: Trade) -> tuple[Trade, str]:
    return trade, dependencies.instrument_name(trade.instrument_token) or str(trade.instrument_token)


def _subject(dependencies: Dependencies, subject: str) -> str:
    strategy, token = subject_of(subject)
    instrument = None if token is None else dependencies.instrument_name(token) or str(token)
    return " in ".join(each for each in (strategy, instrument) if each is not None) or "the whole account"


def _months(trades: tuple[Trade, ...]) -> list[tuple[str, int, int]]:
    """Of each month, the latest first: trades and what they made after charges."""
    found: defaultdict[str, list[Trade]] = defaultdict(list)
    for trade in trades:
        found[f"{trading_date(trade.left_at):%Y-%m}"].append(trade)
    return [(name, len(found[name]), sum(each.net_paise for each in found[name])) for name in sorted(found)[::-1]]


def _by_strategy(trades: tuple[Trade, ...], results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**result, "numbers": statistics([each for each in trades if each.strategy == result["strategy"]])}
        for result in sorted(results, key=lambda each: -each["profit_paise"])
    ]
