"""A strategy for the latency of a tick's way to an order: unlike those that ship, it does not wait for a bar."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from msgspec import convert
from msgspec.structs import asdict

from alpha_panda.domain.indicators.averages import Exponential, exponential
from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.signals import Side
from alpha_panda.strategy import Context, Enter, Exit, Strategy, StrategyConfig, Wish

_EVERY = 20


class EveryTwentieth(Strategy[StrategyConfig]):
    """Moves two averages on every tick, and on every twentieth of its instrument enters or leaves."""

    Config: ClassVar[type[StrategyConfig]] = StrategyConfig

    def __init__(self, config: StrategyConfig, context: Context) -> None:
        super().__init__(config, context)
        self._averages = (exponential(9), exponential(21))
        self._ticks = context.instrument_token % (2 * _EVERY)

    @property
    def warm_up_bars(self) -> int:
        """None: it lives on ticks."""
        return 0

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        """Bars are not what it trades on."""
        _ = bar
        return ()

    def on_tick(self, tick: Tick, event_time: datetime) -> Iterable[Wish]:
        """An entry, then an exit, then an entry."""
        _ = event_time
        for average in self._averages:
            average.push(tick.price_paise)
        self._ticks += 1
        turn, rest = divmod(self._ticks, _EVERY)
        if rest:
            return ()
        if turn % 2:
            return (Enter(side=Side.BUY, reason="its turn"),)
        return (Exit(side=Side.SELL, reason="its turn"),)

    def snapshot(self) -> dict[str, Any]:
        """Where it is, and the averages."""
        return {"ticks": self._ticks, "averages": [asdict(average) for average in self._averages]}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `snapshot` gave."""
        self._ticks = state["ticks"]
        self._averages = convert(state["averages"], type=tuple[Exponential, Exponential])
