"""`/api/v1/strategies`: what is meant to trade, and what it has made."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter

from alpha_panda.api.control_view import StrategyView
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import StrategyDetail, StrategyOnBroker, StrategyQuarantine, StrategySummary
from alpha_panda.api.portfolios import strategy_result
from alpha_panda.api.problems import documented
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import Role
from alpha_panda.domain.quarantine import QUARANTINED, Quarantine


def strategy_routes(dependencies: Dependencies) -> APIRouter:
    """The routes of strategies."""
    router = APIRouter(prefix="/api/v1/strategies", tags=["strategies"])

    @router.get("")
    @needs(Role.VIEWER)
    async def list_strategies() -> list[StrategySummary]:
        """Every Strategy in force."""
        return [
            StrategySummary(**_head(each, dependencies.control.quarantine(each)))
            for each in dependencies.control.strategies
        ]

    @router.get("/{name}", responses=documented(404, 503))
    @needs(Role.VIEWER)
    async def get_strategy(name: str) -> StrategyDetail:
        """A Strategy with its settings and its result on each of its Brokers that exist."""
        view = dependencies.require_strategy(name)
        known = [broker for broker in view.spec.brokers if dependencies.control.broker(broker) is not None]
        return StrategyDetail(
            **_head(view, dependencies.control.quarantine(view)),
            spec=view.spec.model_dump(mode="json", by_alias=True, exclude_none=True),
            results=[await _result(dependencies, name, broker) for broker in known],
        )

    return router


def _head(view: StrategyView, quarantine: Quarantine | None) -> dict[str, Any]:
    spec = view.spec
    return {
        "name": view.name,
        "generation": view.generation,
        "strategy": spec.strategy,
        "state": spec.state.value if quarantine is None else QUARANTINED,
        "quarantine": None if quarantine is None else StrategyQuarantine(**msgspec.structs.asdict(quarantine)),
        "mode": spec.mode.value,
        "brokers": list(spec.brokers),
        "instruments": [str(each) for each in spec.instruments],
        "timeframes": [each.value for each in spec.timeframes],
    }


async def _result(dependencies: Dependencies, name: str, broker: str) -> StrategyOnBroker:
    cached = (await dependencies.cache.read(broker, "strategies")).get("strategies")
    if cached is None:
        return StrategyOnBroker(broker=broker, freshness=None, result=None)
    row = next((each for each in cached.data if each["strategy"] == name), None)
    return StrategyOnBroker(
        broker=broker,
        freshness=dependencies.cache.freshness(cached),
        result=None if row is None else strategy_result(row),
    )
