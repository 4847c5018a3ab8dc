"""The pages about strategies: what each does on an account, its signals with their verdicts, why there was no trade."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from alpha_panda.api.control_view import StrategyView
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.queries import SIGNALS, Row
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.dashboard.account import read_account
from alpha_panda.dashboard.books import Book, Books
from alpha_panda.dashboard.frame import Frame, Stand
from alpha_panda.dashboard.listings import described, read_story
from alpha_panda.domain.analytics.trades import statistics
from alpha_panda.resources.strategy import StrategyState

SIGNALS_SHOWN = 100


def strategy_pages(dependencies: Dependencies, frame: Frame, books: Books) -> APIRouter:
    """The routes of these pages."""
    router = APIRouter(prefix="/brokers/{broker}", include_in_schema=False, route_class=frame.route_class)

    @router.get("/strategies")
    @needs(Role.VIEWER)
    async def show_strategies(request: Request, broker: str) -> HTMLResponse:
        """All strategies of the account beside each other."""
        stand = await frame.stand(broker)
        account = await read_account(dependencies, broker)
        results = {} if account is None else {each["strategy"]: each for each in account.strategies}
        book = Book() if account is None else await books.read(broker, account.summary["fills"])
        own = [each for each in dependencies.control.strategies if broker in each.spec.brokers]
        rows = [
            {
                "view": each,
                "state": _state(dependencies, each),
                "result": results.get(each.name),
                "numbers": statistics([trade for trade in book.closed if trade.strategy == each.name]),
            }
            for each in own
        ]
        return frame.page(request, "strategies", stand, account=account, rows=rows)

    @router.get("/strategies/{name}")
    @needs(Role.VIEWER)
    async def show_strategy(
        request: Request,
        broker: str,
        name: str,
        instrument: Annotated[str | None, Query()] = None,
        timeframe: Annotated[str | None, Query()] = None,
    ) -> HTMLResponse:
        """The chart of a strategy, its signals, and why it does not trade where it does not."""
        stand = await frame.stand(broker)
        view = dependencies.require_strategy(name)
        traded = [str(each) for each in view.spec.instruments]
        frames = [each.value for each in view.spec.timeframes]
        shown = instrument if instrument in traded else traded[0]
        account = await read_account(dependencies, broker)
        rows, _ = await dependencies.queries.page(SIGNALS, [broker], {"strategy": name}, SIGNALS_SHOWN)
        book = Book() if account is None else await books.read(broker, account.summary["fills"])
        results = [] if account is None else account.strategies
        return frame.page(
            request,
            "strategy",
            stand,
            account=account,
            view=view,
            state=_state(dependencies, view),
            instruments=traded,
            instrument=shown,
            token=dependencies.token_asked(shown),
            timeframe=timeframe if timeframe in frames else frames[0],
            result=next((each for each in results if each["strategy"] == name), None),
            numbers=statistics([each for each in book.closed if each.strategy == name]),
            signals=[described(dependencies, row) for row in rows],
            refused=_refused(rows),
            obstacles=_obstacles(dependencies, stand, view),
        )

    @router.get("/signals/{identity}")
    @needs(Role.VIEWER)
    async def show_signal(request: Request, broker: str, identity: UUID) -> HTMLResponse:
        """A signal explained: votes, verdict, orders, fills."""
        stand = await frame.stand(broker)
        story = await read_story(dependencies, broker, identity)
        if story is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"Broker {broker} has no signal {identity}")
        return frame.page(request, "signal", stand, story=story)

    return router


def _state(dependencies: Dependencies, view: StrategyView) -> str:
    return "Quarantined" if dependencies.control.quarantine(view) is not None else view.spec.state.value


def _refused(rows: list[Row]) -> list[tuple[str, int]]:
    """The codes of refusals among these signals, the most frequent first."""
    counted = Counter(row["verdict_data"]["code"] for row in rows if row["verdict"] == "rejected")
    return counted.most_common()


def _obstacles(dependencies: Dependencies, stand: Stand, view: StrategyView) -> list[str]:
    """What keeps a strategy from trading now, in sentences."""
    found = [
        f"Trading is halted ({halt.source}{f' {halt.subject}' if halt.subject else ''}): {halt.reason}"
        for halt in stand.halts
        if halt.source != "strategy" or halt.subject == view.name
    ]
    if view.spec.state is not StrategyState.RUNNING:
        found.append(f"Its resource asks for state {view.spec.state.value}: it takes no new positions.")
    quarantine = dependencies.control.quarantine(view)
    if quarantine is not None:
        found.append(f"It is quarantined and called no more until it changes: {quarantine.reason}")
    if stand.broker.name not in view.spec.brokers:
        found.append(f"Its resource does not name the Broker {stand.broker.name}.")
    if stand.standing is not None:
        subjects = {"", f"strategy:{view.name}"}
        found += [lock.message for lock in stand.standing.locks if lock.subject in subjects]
        found += [lock.message for lock in stand.standing.locks if lock.subject.startswith(f"{view.name}|")]
    return found
