"""The class that every strategy derives from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Generic

import msgspec

from alpha_panda.events.market import Bar, Tick, Timeframe
from alpha_panda.strategy.config import ConfigT, StrategyConfig
from alpha_panda.strategy.intents import Enter, Wish


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What an instance is about: one instrument of one strategy. `tick_size_paise` is the least step of its price."""

    strategy: str
    instrument_token: int
    tick_size_paise: int
    timeframes: tuple[Timeframe, ...]


class Strategy(ABC, Generic[ConfigT]):
    """A strategy on one instrument.

    It must be deterministic: what it wants follows from its configuration and the bars (and ticks) it
    was given, so it reads no clock, no random numbers and no file. It never learns of fills; it keeps
    what it wants itself and says so once, not on every bar. `closed` tells it where the platform leaves by itself.
    """

    Config: ClassVar[type[StrategyConfig]]
    """The class of its configuration; `params` of the resource are read by it."""
    one_timeframe: ClassVar[bool] = False
    """True where bars of two timeframes would be mixed up; a resource with two is then refused."""

    def __init__(self, config: ConfigT, context: Context) -> None:
        self.config = config
        self.context = context

    @property
    @abstractmethod
    def warm_up_bars(self) -> int:
        """Bars of each timeframe that must be seen before it can want anything."""

    @abstractmethod
    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        """Take a closed bar; return what follows from it, in order."""

    def on_tick(self, tick: Tick, event_time: datetime) -> Iterable[Wish]:
        """Take a trade. Only strategies that define it are given ticks."""
        _ = (tick, event_time)
        return ()

    def warm(self, bar: Bar) -> None:
        """Take a bar of the past: indicators move, nothing is wanted.

        The default drops what `on_bar` returns; a strategy that remembers what it wanted must override it.
        """
        for _ in self.on_bar(bar):
            pass

    def closed(self, at: datetime) -> None:
        """Learn that the platform has closed whatever was held, as it does with intraday positions at `at`.

        It is told before each bar and tick that ends later in that session, by the calendar alone: in a backtest,
        a replay and live alike, whether anything was held or not. What it wants to enter until the session's last
        bar is refused. Of fills, of stops and targets that were reached it is never told.
        """
        _ = at

    def entry_withheld(self, entry: Enter) -> None:
        """Learn that an Enter was not passed on, since the strategy is paused: nothing will be held from it."""
        _ = entry

    @abstractmethod
    def snapshot(self) -> dict[str, Any]:
        """The whole state in JSON's values; `restore` of it on a fresh instance gives an equal one."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state that `snapshot` gave."""


def listens_to_ticks(strategy: type[Strategy[Any]]) -> bool:
    """Whether the class defines `on_tick`."""
    return strategy.on_tick is not Strategy.on_tick
