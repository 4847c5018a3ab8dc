"""Strategies that enter with a stop and a target of their own: what they share beside their opinion.

A deriving class says after each bar of its shortest timeframe what it thinks; this one turns that into entries
with levels and, while it holds, into exits. An opinion is followed once: after a position has ended, the same
opinion counts again only when it was gone for a bar, so that a stop is not followed by the same entry.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from datetime import datetime
from math import ceil
from typing import Annotated, Any, Self, TypeVar

import msgspec
from pydantic import Field, model_validator

from alpha_panda.domain.voting import Tally
from alpha_panda.events.market import Bar
from alpha_panda.events.signals import Side
from alpha_panda.strategy.base import Context, Strategy
from alpha_panda.strategy.directional import Direction, DirectionalConfig
from alpha_panda.strategy.holding import Exits, Fate, Holding, hold, kept, restored
from alpha_panda.strategy.intents import Enter, Exit, Wish
from alpha_panda.strategy.levels import MIN_REWARD_RISK, Entry, NoLevels, Plan, exact, stop_of

StopPercent = Annotated[
    float | None,
    Field(gt=0, le=50, description="Distance of the stop in percent of the price; null: none."),
]
StopAtr = Annotated[
    float | None,
    Field(gt=0, le=50, description="The same in multiples of the ATR; the wider of both counts; null: none."),
]
RewardRisk = Annotated[
    float,
    Field(ge=float(MIN_REWARD_RISK), le=50, description="Distance of the target in multiples of the stop's (R)."),
]
TrailPercent = Annotated[
    float | None,
    Field(gt=0, le=50, description="Distance of a trailing stop from the best price in percent; null: none."),
]
TrailAtr = Annotated[
    float | None,
    Field(gt=0, le=50, description="The same in multiples of the ATR; the wider of both counts; null: none."),
]
MostBars = Annotated[
    int | None,
    Field(ge=1, le=100_000, description="Bars of the shortest timeframe after which it leaves; null: never."),
]


class BracketConfig(DirectionalConfig):
    """Parameters that every strategy with levels of its own takes."""

    stop_percent: StopPercent = 2.0
    stop_atr: StopAtr = None
    reward_risk: RewardRisk = 2.0
    trail_percent: TrailPercent = None
    trail_atr: TrailAtr = None
    most_bars: MostBars = None

    @model_validator(mode="after")
    def _has_a_stop(self) -> Self:
        if self.stop_percent is None and self.stop_atr is None:
            raise ValueError("stopPercent and stopAtr are both null: an entry needs a stop")
        return self

    def plan(self) -> Plan:
        """Where entries stop and take profit."""
        return Plan(stop=stop_of(self.stop_percent, self.stop_atr), reward_risk=exact(self.reward_risk))

    def exits(self) -> Exits:
        """What ends a position beside those."""
        return Exits(trail=stop_of(self.trail_percent, self.trail_atr), most_bars=self.most_bars)


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy thinks after a bar, for its trader to read: a side, and how sure it is (0 to 100)."""

    side: Side
    confidence: int
    why: str = ""
    """In words; of a vote that says it all, how the votes fell."""
    tally: Tally | None = None
    """What it was counted from, if it was; put into words when it is followed, which is on few bars."""

    @property
    def reason(self) -> str:
        """What the signal tells its trader."""
        why = self.why if self.why or self.tally is None else self.tally.says
        return f"{self.side} with {self.confidence} % confidence" + (f": {why}" if why else "")

    @property
    def direction(self) -> Direction:
        """Where the strategy wants to stand."""
        return Direction(self.side.sign)


BracketConfigT = TypeVar("BracketConfigT", bound=BracketConfig)


class Bracketed(Strategy[BracketConfigT]):
    """A strategy that enters with levels and stands until they, its exits or the opposite opinion end that."""

    def __init__(self, config: BracketConfigT, context: Context) -> None:
        super().__init__(config, context)
        self.base = min(context.timeframes, key=lambda each: each.duration)
        """The timeframe after whose bars it decides."""
        self._plan = config.plan()
        self._exits = config.exits()
        self._holding: Holding | None = None
        self._followed = Direction.FLAT

    @property
    @abstractmethod
    def atr(self) -> float | None:
        """The average true range of the shortest timeframe in paise; None where it is not defined."""

    @property
    def usual_volume(self) -> int | None:
        """Units that usually trade in a bar of the shortest timeframe; None where it is not known."""
        return None

    @abstractmethod
    def update(self, bar: Bar) -> None:
        """Move the indicators on by a closed bar of any timeframe."""

    @abstractmethod
    def opinion(self, bar: Bar) -> Opinion | None:
        """What follows from the last bar of the shortest timeframe; asked once after each."""

    @abstractmethod
    def indicators(self) -> dict[str, Any]:
        """The state of the indicators in JSON's values."""

    @abstractmethod
    def restore_indicators(self, state: dict[str, Any]) -> None:
        """Take over what `indicators` gave."""

    @property
    def stands(self) -> Direction:
        """Which way it takes itself to stand."""
        return Direction.FLAT if self._holding is None else Direction(self._holding.side.sign)

    def on_bar(self, bar: Bar) -> Iterable[Wish]:
        """At most one intent, after a bar of the shortest timeframe."""
        spoken = self._listen(bar)
        if bar.timeframe is not self.base:
            return ()
        if self._holding is not None:
            return self._watch(self._holding, bar, spoken)
        return () if spoken is None or self.config.is_late(bar) else self._enter(bar, spoken)

    def warm(self, bar: Bar) -> None:
        """Only the indicators move: what the past spoke for was not entered, and is not entered late."""
        spoken = self._listen(bar)
        if spoken is not None:
            self._followed = spoken.direction

    def entry_withheld(self, entry: Enter) -> None:
        """Stand flat, and do not want the same again until the opinion comes anew."""
        _ = entry
        self._holding = None

    def closed(self, at: datetime) -> None:
        """Stand flat; the opinion that was followed counts again when it was gone for a bar."""
        _ = at
        self._holding = None

    def _listen(self, bar: Bar) -> Opinion | None:
        self.update(bar)
        if bar.timeframe is not self.base:
            return None
        spoken = self.opinion(bar)
        if spoken is None or spoken.direction is not self._followed:
            self._followed = Direction.FLAT
        return spoken

    def _watch(self, holding: Holding, bar: Bar, spoken: Opinion | None) -> tuple[Wish, ...]:
        fate, why = holding.follow(bar, self._exits, self.context.tick_size_paise, self.atr)
        if fate is Fate.CLOSED:
            self._holding = None
            return ()
        if fate is Fate.HELD:
            if self.config.is_late(bar):
                why = f"flat by {self.config.flat_by:%H:%M}"
            elif spoken is not None and spoken.side is not holding.side:
                why = spoken.reason
            else:
                return ()
        self._holding = None
        return (Exit(side=holding.side.opposite, reason=why),)

    def _enter(self, bar: Bar, spoken: Opinion) -> tuple[Wish, ...]:
        is_short = spoken.side is Side.SELL
        if spoken.direction is self._followed or (is_short and not self.config.allow_short):
            return ()
        entry = Entry(
            side=spoken.side, price_paise=bar.close_paise, tick_paise=self.context.tick_size_paise, atr=self.atr
        )
        levels = self._plan.levels(entry)
        if isinstance(levels, NoLevels):
            return ()
        self._followed = spoken.direction
        self._holding = hold(entry, levels)
        wish = Enter(
            side=spoken.side,
            reason=spoken.reason,
            confidence=spoken.confidence,
            stop_loss_paise=levels.stop_loss_paise,
            target_paise=levels.target_paise,
            votes=() if spoken.tally is None else spoken.tally.votes,
            atr_paise=ceil(self.atr) if self.atr else None,
            bar_volume=self.usual_volume,
        )
        return (wish,)

    def snapshot(self) -> dict[str, Any]:
        """Position, the opinion that was followed, and indicators."""
        return {
            "holding": kept(self._holding),
            "followed": int(self._followed),
            "indicators": self.indicators(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `snapshot` gave."""
        self._holding = restored(state["holding"])
        self._followed = Direction(state["followed"])
        self.restore_indicators(state["indicators"])
