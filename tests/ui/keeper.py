"""A strategy that enters once and keeps what it has: only a person closes its positions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.signals import Side
from alpha_panda.strategy import Context, Enter, Strategy, StrategyConfig, Wish


class KeeperConfig(StrategyConfig):
    """Nothing to choose."""


class Keeper(Strategy[KeeperConfig]):
    """Buys at the first tick."""

    Config: ClassVar[type[StrategyConfig]] = KeeperConfig

    def __init__(self, config: KeeperConfig, context: Context) -> None:
        super().__init__(config, context)
        self._entered = False

    @property
    def warm_up_bars(self) -> int:
        return 0

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        _ = bar
        return ()

    def on_tick(self, tick: Tick, event_time: datetime) -> Iterable[Wish]:
        _ = (tick, event_time)
        if self._entered:
            return ()
        self._entered = True
        return [Enter(side=Side.BUY, reason="to keep it")]

    def snapshot(self) -> dict[str, Any]:
        return {"entered": self._entered}

    def restore(self, state: dict[str, Any]) -> None:
        self._entered = state["entered"]
