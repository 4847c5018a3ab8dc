"""A strategy that wants all sorts of things at the whim of the closes, for runs that are held against each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from zlib import crc32

from alpha_panda.events.market import Bar
from alpha_panda.events.signals import OrderType, Side
from alpha_panda.strategy import Context, Enter, Exit, Strategy, StrategyConfig, Wish

MODULE = "tests.support.gambler"


class GamblerConfig(StrategyConfig):
    """What it is prone to; of a hundred bars about so many bring a wish."""

    seed: int = 0
    eager: int = 20
    distance_paise: int = 100
    short: bool = False
    faulty: int = 0


class Gambler(Strategy[GamblerConfig]):
    """Enters, leaves, errs by a hash of the bar."""

    Config: ClassVar[type[GamblerConfig]] = GamblerConfig
    warm_up_bars = 0

    def __init__(self, config: GamblerConfig, context: Context) -> None:
        super().__init__(config, context)
        self._seen = 0
        self._closings = 0

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        """Nothing, an entry of some kind, an exit, or both."""
        self._seen += 1
        about = self.config.seed, self._closings, self.context.strategy
        said = f"{about} {bar.instrument_token} {bar.timeframe} {bar.end.isoformat()}"
        chance = crc32(said.encode())
        if self.config.faulty and self._seen == self.config.faulty:
            raise ArithmeticError("bad luck")
        if chance % 100 >= self.config.eager:
            return ()
        kind = chance // 100 % 8
        side = Side.SELL if self.config.short and chance // 800 % 2 else Side.BUY
        if kind < 3:
            return (Exit(side=side.opposite, reason="leaves"),)
        entry = self._entry(bar, side, kind)
        return (entry, Exit(side=side.opposite, reason="at once")) if kind == 7 else (entry,)

    def _entry(self, bar: Bar, side: Side, kind: int) -> Enter:
        away, close = self.config.distance_paise, bar.close_paise
        limit = close - 5 * side.sign if kind in (4, 6) else None
        trigger = close + 10 * side.sign if kind in (5, 6) else None
        kinds = {4: OrderType.LIMIT, 5: OrderType.SL_M, 6: OrderType.SL}
        if kind == 6:
            limit = close + 20 * side.sign
        base = limit or trigger or close
        return Enter(
            side=side,
            reason=f"bar {self._seen}",
            order_type=kinds.get(kind, OrderType.MARKET),
            limit_price_paise=limit,
            trigger_price_paise=trigger,
            stop_loss_paise=base - away * side.sign,
            target_paise=base + 2 * away * side.sign,
        )

    def closed(self, at: datetime) -> None:
        """Bet otherwise."""
        _ = at
        self._closings += 1

    def snapshot(self) -> dict[str, Any]:
        """The counts."""
        return {"seen": self._seen, "closings": self._closings}

    def restore(self, state: dict[str, Any]) -> None:
        """Take it over."""
        self._seen, self._closings = state["seen"], state["closings"]
