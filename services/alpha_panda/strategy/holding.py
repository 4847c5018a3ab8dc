"""What a strategy follows while it holds: its resting stop and target, a trailing stop, a time to leave. Pure.

A strategy never learns of fills. It takes its entry for filled at the price that it saw, and judges closed bars:
where one reached the stop or the target, the resting orders have done their work, and nothing is said; a
trailing stop and the time to leave are the strategy's own, and are said as an exit.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

import msgspec

from alpha_panda.events.market import Bar
from alpha_panda.events.signals import Side
from alpha_panda.strategy.levels import NO_STOP, Entry, Levels, Stop, away


class Fate(Enum):
    """What a bar did to a holding."""

    HELD = auto()
    CLOSED = auto()
    """The stop or the target was reached: it is closed without anybody's word."""
    SPENT = auto()
    """The trailing stop was reached, or the time is over: the strategy must leave."""


class Holding(msgspec.Struct, kw_only=True):
    """A position as its strategy sees it. `best_paise` is the most favourable price of the bars since the entry."""

    side: Side
    stop_paise: int
    target_paise: int
    best_paise: int
    trail_paise: int | None = None
    bars: int = 0

    def follow(self, bar: Bar, exits: Exits, tick_paise: int, atr: float | None) -> tuple[Fate, str]:
        """Take the next closed bar; say what it did and why.

        The trail is held against the bar as it stood before, since nobody knows whether its best price
        came before its worst; then it moves, and the close may be behind it already. A gap through a level
        has reached it. Where a bar has reached both, the stop counts as first, but either closes.
        """
        self.bars += 1
        worst = bar.low_paise if self.side is Side.BUY else bar.high_paise
        best = bar.high_paise if self.side is Side.BUY else bar.low_paise
        if self._is_behind(worst, self.stop_paise) or not self._is_before(best, self.target_paise):
            return Fate.CLOSED, ""
        if self.trail_paise is not None and self._is_behind(worst, self.trail_paise):
            return Fate.SPENT, f"trailing stop {self.trail_paise / 100:.2f} reached"
        self._move_trail(best, exits.trail, tick_paise, atr)
        if self.trail_paise is not None and self._is_behind(bar.close_paise, self.trail_paise):
            return Fate.SPENT, f"trailing stop {self.trail_paise / 100:.2f} reached"
        if exits.most_bars is not None and self.bars >= exits.most_bars:
            return Fate.SPENT, f"held for {self.bars} bar{'s' if self.bars > 1 else ''}"
        return Fate.HELD, ""

    def _move_trail(self, best: int, trail: Stop, tick_paise: int, atr: float | None) -> None:
        """Towards the price only, rounded away from it; where its distance is not known it stays."""
        if not self._is_before(best, self.best_paise):
            self.best_paise = best
        at = Entry(side=self.side, price_paise=self.best_paise, tick_paise=tick_paise, atr=atr)
        distance = trail.distance(at)
        if not distance:
            return
        moved = away(self.best_paise - self.side.sign * distance, tick_paise, self.side.opposite)
        if self.trail_paise is None or not self._is_before(moved, self.trail_paise):
            self.trail_paise = moved

    def _is_behind(self, price: int, level: int) -> bool:
        """Whether the price has reached a level on the losing side."""
        return (price - level) * self.side.sign <= 0

    def _is_before(self, price: int, level: int) -> bool:
        """Whether the price has not come to a level on the winning side."""
        return (price - level) * self.side.sign < 0


class Exits(msgspec.Struct, frozen=True, kw_only=True):
    """What ends a holding beside its stop and its target."""

    trail: Stop = NO_STOP
    most_bars: int | None = None


def hold(entry: Entry, levels: Levels) -> Holding:
    """The position that the entry makes."""
    return Holding(
        side=entry.side,
        stop_paise=levels.stop_loss_paise,
        target_paise=levels.target_paise,
        best_paise=entry.price_paise,
    )


def kept(holding: Holding | None) -> dict[str, Any] | None:
    """A holding in JSON's values."""
    return None if holding is None else msgspec.to_builtins(holding)


def restored(state: Mapping[str, Any] | None) -> Holding | None:
    """The holding that `kept` was given."""
    return None if state is None else msgspec.convert(state, type=Holding)
