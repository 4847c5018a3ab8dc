"""A strategy that wants what its parameters say, bar after bar: it brings each check of the risk chain about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from alpha_panda.events.market import Bar
from alpha_panda.events.signals import OrderType, Side
from alpha_panda.strategy import Context, Enter, Exit, Strategy, StrategyConfig, Wish


class ProbeConfig(StrategyConfig):
    """What it wants on its bars in turn: E to enter, X to exit, W to exit the wrong way; distances are of the close."""

    turns: tuple[str, ...] = ("E", "X")
    side: Side = Side.BUY
    limit_percent: float | None = None
    stop_percent: float | None = 1
    target_percent: float | None = None
    atr_paise: int | None = None
    bar_volume: int | None = None


class Probe(Strategy[ProbeConfig]):
    """Counts its bars and wants what is due."""

    Config: ClassVar[type[StrategyConfig]] = ProbeConfig

    def __init__(self, config: ProbeConfig, context: Context) -> None:
        super().__init__(config, context)
        self._bars = 0

    @property
    def warm_up_bars(self) -> int:
        return 0

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        turn = self.config.turns[self._bars % len(self.config.turns)]
        self._bars += 1
        return [self._wish(letter, bar.close_paise) for letter in turn]

    def snapshot(self) -> dict[str, Any]:
        return {"bars": self._bars}

    def restore(self, state: dict[str, Any]) -> None:
        self._bars = state["bars"]

    def _wish(self, letter: str, close: int) -> Wish:
        side = self.config.side
        if letter != "E":
            return Exit(side=side if letter == "W" else side.opposite, reason="its turn")
        config = self.config
        return Enter(
            side=side,
            reason="its turn",
            order_type=OrderType.MARKET if config.limit_percent is None else OrderType.LIMIT,
            limit_price_paise=_away(close, side.sign, config.limit_percent),
            stop_loss_paise=_away(close, -side.sign, config.stop_percent),
            target_paise=_away(close, side.sign, config.target_percent),
            atr_paise=config.atr_paise,
            bar_volume=config.bar_volume,
        )


def _away(close: int, sign: int, percent: float | None) -> int | None:
    return None if percent is None else round(close * (1 + sign * percent / 100))
