"""Strategies that want to be long, short or flat: what they share beside their indicator.

A deriving class says after each bar which direction it wants; this one turns changes of mind into
intents, each said once. A reversal takes two bars (exit, then enter), since nothing can be entered
before the exit is filled.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from datetime import datetime, time
from enum import IntEnum
from typing import Any, ClassVar, Final, TypeVar

import msgspec
from pydantic import Field, field_validator

from alpha_panda.domain.calendar import IST
from alpha_panda.domain.indicators.windows import Window, window
from alpha_panda.events.market import Bar
from alpha_panda.events.signals import Side
from alpha_panda.strategy.base import Context, Strategy
from alpha_panda.strategy.config import StrategyConfig
from alpha_panda.strategy.intents import Enter, Exit, Wish

VOLUME_BARS: Final = 20
"""So many bars say what usually trades in one."""


class Direction(IntEnum):
    """Which way a strategy stands."""

    SHORT = -1
    FLAT = 0
    LONG = 1


class DirectionalConfig(StrategyConfig):
    """Parameters that every directional strategy takes."""

    allow_short: bool = Field(default=False, description="Whether it may sell what it does not hold; needs MIS.")
    flat_by: time | None = Field(
        default=None,
        description="India time (HH:MM) from which it holds and enters nothing until the next session; null: never.",
    )

    @field_validator("flat_by", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        if value is not None and not isinstance(value, str | time):
            raise ValueError('is a number to YAML: write it in quotes, such as "15:10"')
        return value

    @field_validator("flat_by")
    @classmethod
    def _without_zone(cls, value: time | None) -> time | None:
        if value is not None and value.tzinfo is not None:
            raise ValueError("is given in India time without an offset, such as 15:10")
        return value

    def is_late(self, bar: Bar) -> bool:
        """Whether nothing may be held from this bar's end on."""
        return self.flat_by is not None and bar.end.astimezone(IST).time() >= self.flat_by


DirectionalConfigT = TypeVar("DirectionalConfigT", bound=DirectionalConfig)


class Directional(Strategy[DirectionalConfigT]):
    """A strategy that follows one series of bars and stands long, short or flat."""

    one_timeframe: ClassVar[bool] = True

    def __init__(self, config: DirectionalConfigT, context: Context) -> None:
        super().__init__(config, context)
        self.stands = Direction.FLAT
        self.wants = Direction.FLAT
        self._why = ""
        self._volumes = window(VOLUME_BARS)

    @property
    def usual_volume(self) -> int | None:
        """The mean volume of the last bars, which sizes are held down by; None until there are enough."""
        return self._volumes.mean

    @abstractmethod
    def update(self, bar: Bar) -> None:
        """Move the indicators on by a closed bar."""

    @abstractmethod
    def opinion(self) -> tuple[Direction, str] | None:
        """The direction that the last bar speaks for and why; None where it changes nothing."""

    @abstractmethod
    def indicators(self) -> dict[str, Any]:
        """The state of the indicators in JSON's values."""

    @abstractmethod
    def restore_indicators(self, state: dict[str, Any]) -> None:
        """Take over what `indicators` gave."""

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        """One intent where the direction changed, else none."""
        self._volumes.push(bar.volume)
        self.update(bar)
        spoken = self.opinion()
        if spoken is not None:
            self.wants, self._why = spoken
        if self.wants is Direction.SHORT and not self.config.allow_short:
            self.wants = Direction.FLAT
        if self.config.is_late(bar):
            self.wants, self._why = Direction.FLAT, f"flat by {self.config.flat_by:%H:%M}"
        return self._step()

    def warm(self, bar: Bar) -> None:
        """Only the indicators move: what the past spoke for was not entered, and is not entered late."""
        self._volumes.push(bar.volume)
        self.update(bar)
        self.opinion()

    def entry_withheld(self, entry: Enter) -> None:
        """Stand as before the entry, and do not want it again until the indicator says so anew."""
        _ = entry
        self.stands = self.wants = Direction.FLAT

    def closed(self, at: datetime) -> None:
        """Stand flat, and do not want the same again until the indicator says so anew."""
        _ = at
        self.stands = self.wants = Direction.FLAT

    def _step(self) -> tuple[Wish, ...]:
        if self.wants is self.stands:
            return ()
        if self.stands is not Direction.FLAT:
            side = Side.SELL if self.stands is Direction.LONG else Side.BUY
            self.stands = Direction.FLAT
            return (Exit(side=side, reason=self._why),)
        self.stands = self.wants
        side = Side.BUY if self.wants is Direction.LONG else Side.SELL
        return (Enter(side=side, reason=self._why, bar_volume=self.usual_volume),)

    def snapshot(self) -> dict[str, Any]:
        """Direction, wish and indicators."""
        return {
            "stands": int(self.stands),
            "wants": int(self.wants),
            "why": self._why,
            "volumes": msgspec.to_builtins(self._volumes),
            "indicators": self.indicators(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `snapshot` gave."""
        self.stands = Direction(state["stands"])
        self.wants = Direction(state["wants"])
        self._why = state["why"]
        if "volumes" in state:  # a state of before there were any begins to count anew
            self._volumes = msgspec.convert(state["volumes"], type=Window)
        self.restore_indicators(state["indicators"])
