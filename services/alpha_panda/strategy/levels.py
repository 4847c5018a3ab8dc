"""Where an entry of a strategy stops and where it takes its profit: policies that are put together. Pure.

A stop policy says how far from the entry the stop is; a plan makes of it a stop and a target in whole ticks.
Both are rounded away from the entry: a stop is never nearer than its policy asked, so that a size by risk is
never too large, and a target is measured from the rounded stop, so that its reward is never below the multiple.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Final, Protocol

import msgspec

from alpha_panda.domain.instrument import Rounding, round_to_tick
from alpha_panda.events.signals import Side

MIN_REWARD_RISK: Final = Fraction(3, 2)
"""No entry is wanted that could win less than this many times what it could lose."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What levels are measured from; `atr` is in paise, None where it is not defined."""

    side: Side
    price_paise: int
    tick_paise: int
    atr: float | None = None


class Levels(msgspec.Struct, frozen=True, kw_only=True):
    """Stop and target of an entry, both multiples of the tick."""

    stop_loss_paise: int
    target_paise: int


class NoLevels(msgspec.Struct, frozen=True):
    """Why an entry cannot have levels, and so is not wanted."""

    reason: str


class Stop(Protocol):
    """How far from a price a stop is."""

    def distance(self, entry: Entry) -> Fraction | None:
        """Paise, above 0; None where this policy has nothing to say of this entry."""
        ...


class PercentStop(msgspec.Struct, frozen=True):
    """So many percent of the price."""

    percent: Fraction

    def distance(self, entry: Entry) -> Fraction | None:
        """That share of the price."""
        return entry.price_paise * self.percent / 100


class AtrStop(msgspec.Struct, frozen=True):
    """So many average true ranges; nothing where the range is not defined or zero."""

    multiple: Fraction

    def distance(self, entry: Entry) -> Fraction | None:
        """That many ranges."""
        return None if not entry.atr else Fraction(entry.atr) * self.multiple


class Wider(msgspec.Struct, frozen=True):
    """The farthest of several stops; of none, no stop."""

    stops: tuple[Stop, ...]

    def distance(self, entry: Entry) -> Fraction | None:
        """The largest distance of those that have one."""
        found = [each for each in (stop.distance(entry) for stop in self.stops) if each is not None]
        return max(found, default=None)


NO_STOP: Final = Wider(())


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A stop, and a target in multiples of the risk (R).

    Raises:
        ValueError: the multiple is below the least reward for a risk.
    """

    stop: Stop
    reward_risk: Fraction

    def __post_init__(self) -> None:
        """Refuse a plan by which nothing could ever be entered."""
        if self.reward_risk < MIN_REWARD_RISK:
            raise ValueError(f"reward:risk {float(self.reward_risk):g} is below {float(MIN_REWARD_RISK):g}")

    def levels(self, entry: Entry) -> Levels | NoLevels:
        """The levels of an entry, or why it has none."""
        sign, price = entry.side.sign, entry.price_paise
        distance = self.stop.distance(entry)
        if not distance:
            return NoLevels("no stop: the market does not move (ATR 0), and no percentage is set")
        if entry.side is Side.BUY and distance >= price - entry.tick_paise:
            return NoLevels(f"the stop would be {float(distance) / 100:.2f} below a price of {price / 100:.2f}")
        stop = away(price - sign * distance, entry.tick_paise, entry.side.opposite)
        risk = abs(price - stop)
        target = away(price + sign * risk * self.reward_risk, entry.tick_paise, entry.side)
        reward = sign * (target - price)
        if reward < risk * MIN_REWARD_RISK:
            return NoLevels(f"reward {reward / 100:.2f} for a risk of {risk / 100:.2f}: less than 1.5 times")
        return Levels(stop_loss_paise=stop, target_paise=target)


def away(price: Fraction | int, tick_paise: int, side: Side) -> int:
    """The price on the tick grid: the next above for BUY, the next below for SELL; at least one tick."""
    if side is Side.BUY:
        return round_to_tick(ceil(price), tick_paise, Rounding.UP)
    return round_to_tick(floor(price), tick_paise, Rounding.DOWN)


def stop_of(percent: float | None, ranges: float | None) -> Wider:
    """The stop that a configuration asks for: the wider of a percentage and a multiple of the ATR, where given."""
    stops: list[Stop] = []
    if percent is not None:
        stops.append(PercentStop(exact(percent)))
    if ranges is not None:
        stops.append(AtrStop(exact(ranges)))
    return Wider(tuple(stops))


def exact(number: float) -> Fraction:
    """The decimal that was written: 0.1 is a tenth."""
    return Fraction(str(number))
