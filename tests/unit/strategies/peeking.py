"""Strategies that decide by what they cannot know, each in its own way, and some that cannot be examined."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.signals import Side
from alpha_panda.strategy import Enter, Strategy, StrategyConfig, Wish


class Honest(Strategy[StrategyConfig]):
    """Buys on every bar that closes above its open, and on no tick."""

    Config: ClassVar[type[StrategyConfig]] = StrategyConfig

    @property
    def warm_up_bars(self) -> int:
        return 0

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        return self._buy() if bar.close_paise > bar.open_paise else ()

    def snapshot(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        assert state == {}

    def _buy(self) -> Iterable[Wish]:
        return (Enter(side=Side.BUY, reason="it will rise"),)


class Sharing(Honest):
    """Buys below the highest close that any instance has ever seen."""

    highest: ClassVar[list[int]] = []

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        self.highest.append(bar.close_paise)
        return self._buy() if bar.close_paise < max(self.highest) else ()


class SharingTicks(Honest):
    """Likewise, by ticks."""

    highest: ClassVar[list[int]] = []

    def on_tick(self, tick: Tick, event_time: datetime) -> Iterable[Wish]:
        _ = event_time
        self.highest.append(tick.price_paise)
        return self._buy() if tick.price_paise < max(self.highest) else ()


class Guessing(Honest):
    """Throws a coin."""

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        _ = bar
        return self._buy() if random.random() < 0.5 else ()  # noqa: S311 - that is its fault


class Failing(Honest):
    """Divides by nothing."""

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        raise ZeroDivisionError(f"nothing at {bar.start}")


class Looping(Honest):
    """Never comes back, and prints meanwhile what is no answer."""

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        print("{}", bar.start)  # noqa: T201 - a trader's strategy may print
        while True:
            pass


class Ending(Honest):
    """Takes its process along."""

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        _ = bar
        os._exit(3)


class NotANumber(Honest):
    """Wants the same nonsense on every bar: no number, which equals nothing, not even itself."""

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        _ = bar
        return (Enter(side=Side.BUY, reason="x", stop_loss_paise=float("nan")),)  # type: ignore[arg-type]
