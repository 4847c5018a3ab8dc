"""A strategy that enters and exits all the time, so that a test of the kill switch sees both within seconds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.signals import Side
from alpha_panda.strategy import Context, Enter, Exit, Strategy, StrategyConfig, Wish


class EagerConfig(StrategyConfig):
    """`every` ticks it wants something."""

    every: int = 15


class Eager(Strategy[EagerConfig]):
    """Enters long, exits, enters again; instruments take turns, so that at any moment some positions are open."""

    Config: ClassVar[type[StrategyConfig]] = EagerConfig

    def __init__(self, config: EagerConfig, context: Context) -> None:
        super().__init__(config, context)
        self._ticks = context.instrument_token % (2 * config.every)

    @property
    def warm_up_bars(self) -> int:
        return 0

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        _ = bar
        return ()

    def on_tick(self, tick: Tick, event_time: datetime) -> Iterable[Wish]:
        _ = (tick, event_time)
        self._ticks += 1
        turn, rest = divmod(self._ticks, self.config.every)
        if rest:
            return ()
        return [Enter(side=Side.BUY, reason="eager") if turn % 2 else Exit(side=Side.SELL, reason="had enough")]

    def snapshot(self) -> dict[str, Any]:
        return {"ticks": self._ticks}

    def restore(self, state: dict[str, Any]) -> None:
        self._ticks = state["ticks"]
