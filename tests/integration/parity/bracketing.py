"""A strategy by ticks that trades both ways with a stop and a target near enough to be reached inside a bar."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.signals import Side
from alpha_panda.strategy import Context, Enter, Exit, Strategy, StrategyConfig, Wish


class BracketingConfig(StrategyConfig):
    """`every` so many ticks it wants something; stop and target in percent of the price."""

    every: int = 10
    stop_percent: float = 0.5
    target_percent: float = 1


class Bracketing(Strategy[BracketingConfig]):
    """Buys, sells short, and leaves only now and then: the stop or the target is to do that."""

    Config: ClassVar[type[StrategyConfig]] = BracketingConfig

    def __init__(self, config: BracketingConfig, context: Context) -> None:
        super().__init__(config, context)
        self._ticks = context.instrument_token % config.every

    @property
    def warm_up_bars(self) -> int:
        return 0

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        _ = bar
        return ()

    def on_tick(self, tick: Tick, event_time: datetime) -> Iterable[Wish]:
        _ = event_time
        self._ticks += 1
        turn, rest = divmod(self._ticks, self.config.every)
        if rest:
            return ()
        if turn % 5 == 4:
            return (Exit(side=Side.SELL, reason="enough"),)
        side = Side.BUY if turn % 2 else Side.SELL
        return (
            Enter(
                side=side,
                reason="its turn",
                stop_loss_paise=_away(tick.price_paise, -side.sign, self.config.stop_percent),
                target_paise=_away(tick.price_paise, side.sign, self.config.target_percent),
            ),
        )

    def snapshot(self) -> dict[str, Any]:
        return {"ticks": self._ticks}

    def restore(self, state: dict[str, Any]) -> None:
        self._ticks = state["ticks"]


def _away(price: int, sign: int, percent: float) -> int:
    return round(price * (1 + sign * percent / 100))
