"""Strategies that do what none may do, each in its own way, on every bar or tick that they are given."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar

from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.signals import Side
from alpha_panda.strategy import Enter, Exit, Strategy, StrategyConfig, Wish


class UnrulyConfig(StrategyConfig):
    """How: one of the ways of `Unruly`."""

    how: str


class Unruly(Strategy[UnrulyConfig]):
    """Calm while it is warmed; at its first tick it is not."""

    Config: ClassVar[type[StrategyConfig]] = UnrulyConfig

    @property
    def warm_up_bars(self) -> int:
        return 0

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        _ = bar
        return ()

    def on_tick(self, tick: Tick, event_time: datetime) -> Iterable[Wish]:
        _ = (tick, event_time)
        found: Iterable[Wish] = getattr(self, self.config.how)()
        return found

    def snapshot(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        _ = state

    def raises(self) -> Iterable[Wish]:
        raise ZeroDivisionError("nothing to divide by")

    def wrong_type(self) -> Iterable[Wish]:
        return "BUY"  # type: ignore[return-value]

    def not_a_number(self) -> Iterable[Wish]:
        return [Enter(side=Side.BUY, reason="x", stop_loss_paise=float("nan"))]  # type: ignore[arg-type]

    def negative_price(self) -> Iterable[Wish]:
        return [Enter(side=Side.BUY, reason="x", target_paise=-1)]

    def too_many(self) -> Iterable[Wish]:
        return [Exit(side=Side.SELL, reason="x")] * 10_000

    def loops(self) -> Iterable[Wish]:
        while True:
            pass

    def loops_and_swallows(self) -> Iterable[Wish]:
        while True:
            with suppress(BaseException):
                self.loops()

    def allocates(self) -> Iterable[Wish]:
        kept = []
        while True:
            kept.append(bytearray(1024 * 1024))

    def ends_the_process(self) -> Iterable[Wish]:
        os._exit(1)
