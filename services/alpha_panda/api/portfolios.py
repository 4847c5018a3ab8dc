"""`/api/v1/portfolios`: what each account is worth."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from fastapi import APIRouter

from alpha_panda.api.cache import Cached
from alpha_panda.api.control_view import BrokerView
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Account, EquityPoint, Halt, Portfolio, PortfolioDetail, Position, StrategyResult
from alpha_panda.api.money import Money
from alpha_panda.api.problems import documented
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role


def portfolio_routes(dependencies: Dependencies) -> APIRouter:
    """The routes of portfolios."""
    router = APIRouter(prefix="/api/v1/portfolios", tags=["portfolios"])

    @router.get("", responses=documented(503))
    @needs(Role.VIEWER)
    async def list_portfolios() -> list[Portfolio]:
        """Every Broker with its account."""
        return [await _portfolio(dependencies, broker) for broker in dependencies.control.brokers]

    @router.get("/{broker}", responses=documented(404, 503))
    @needs(Role.VIEWER)
    async def get_portfolio(broker: str) -> PortfolioDetail:
        """A Broker's account with its positions, the results of its strategies and its equity curve."""
        view = dependencies.require_broker(broker)
        parts = await dependencies.cache.read(broker, "summary", "positions", "strategies", "equity")
        return PortfolioDetail(
            **_head(dependencies, view, parts.get("summary")),
            positions=[position(dependencies, each) for each in _data(parts, "positions")],
            strategies=[strategy_result(each) for each in _data(parts, "strategies")],
            equity_curve=[equity_point(each) for each in _data(parts, "equity")],
        )

    return router


async def _portfolio(dependencies: Dependencies, broker: BrokerView) -> Portfolio:
    parts = await dependencies.cache.read(broker.name, "summary")
    return Portfolio(**_head(dependencies, broker, parts.get("summary")))


def _head(dependencies: Dependencies, broker: BrokerView, summary: Cached | None) -> dict[str, Any]:
    return {
        "broker": broker.name,
        "type": broker.spec.type.value,
        "live": broker.spec.live,
        "halts": halts_of(dependencies, broker),
        "freshness": None if summary is None else dependencies.cache.freshness(summary),
        "account": None if summary is None else _account(summary.data),
    }


def halts_of(dependencies: Dependencies, broker: BrokerView) -> list[Halt]:
    """What people halted that concerns a Broker."""
    found = [
        Halt(source=halt.scope.value, subject=halt.subject, reason=halt.reason, actor=halt.actor)
        for halt in dependencies.control.halts(broker.name)
    ]
    if broker.spec.halted:
        found.append(
            Halt(source="resource", subject=broker.name, reason="spec.halted of the Broker is true", actor=None)
        )
    return found


def _account(data: dict[str, Any]) -> Account:
    amounts = ("starting_cash", "cash", "cost", "realised", "unrealised", "charges", "equity")
    return Account(
        **{name: Money.of(data[f"{name}_paise"]) for name in amounts},
        fills=data["fills"],
        open_positions=data["open_positions"],
    )


def position(dependencies: Dependencies, data: dict[str, Any]) -> Position:
    """A position of the read model."""
    return Position(
        strategy=data["strategy"],
        instrument=dependencies.instrument_name(data["instrument_token"]),
        instrument_token=data["instrument_token"],
        product=data["product"],
        quantity=data["quantity"],
        cost=Money.of(data["cost_paise"]),
        price=Money.of(data["price_paise"]),
        price_at=data["price_at"],
        unrealised=Money.of(data["unrealised_paise"]),
    )


def equity_point(data: dict[str, Any]) -> EquityPoint:
    """A point of the read model."""
    return _point(data["at"], data["equity_paise"])


# A curve has a thousand points, of which each time it is asked for only the last ones are new.
@lru_cache(maxsize=8_192)
def _point(at: str, paise: int) -> EquityPoint:
    return EquityPoint(at=datetime.fromisoformat(at), equity=Money.of(paise))


def strategy_result(data: dict[str, Any]) -> StrategyResult:
    """A strategy's row of the read model."""
    amounts = ("realised", "unrealised", "charges", "profit")
    return StrategyResult(
        strategy=data["strategy"],
        fills=data["fills"],
        open_positions=data["open_positions"],
        **{name: Money.of(data[f"{name}_paise"]) for name in amounts},
    )


def _data(parts: dict[str, Cached], part: str) -> list[dict[str, Any]]:
    return list(parts[part].data) if part in parts else []
