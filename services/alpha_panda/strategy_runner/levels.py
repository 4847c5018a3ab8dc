"""Stop and target of an entry, in whole ticks.

Levels are rounded away from the entry: a stop that is not nearer than it was asked makes sizing by
risk conservative, and a target that is not nearer is not reached too early.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import msgspec

from alpha_panda.domain.instrument import Rounding, round_to_tick
from alpha_panda.domain.money import percent
from alpha_panda.events.signals import Side
from alpha_panda.resources.strategy import Levels
from alpha_panda.strategy import Enter


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """The prices of an entry in paise, each a multiple of the instrument's tick."""

    limit_price_paise: int | None
    trigger_price_paise: int | None
    stop_loss_paise: int | None
    target_paise: int | None


def entry_prices(entry: Enter, reference_paise: int, levels: Levels, tick_paise: int) -> Prices:
    """The prices of `entry`; where it names no stop or target, those that `levels` ask for.

    They are measured from where the order is expected to trade: its limit, its trigger, or the
    reference price. A limit is never worse than the strategy asked, a trigger never sooner.

    Raises:
        ValueError: the strategy's own stop or target is on the wrong side of the entry.
    """
    buys = entry.side is Side.BUY
    limit = _on_tick(entry.limit_price_paise, tick_paise, up=not buys)
    trigger = _on_tick(entry.trigger_price_paise, tick_paise, up=buys)
    at = limit or trigger or reference_paise
    stop = _on_tick(entry.stop_loss_paise or _stop(at, entry.side, levels), tick_paise, up=not buys)
    target = _on_tick(entry.target_paise or _target(at, entry.side, levels, stop), tick_paise, up=buys)
    if stop is not None and (at - stop) * entry.side.sign <= 0:
        raise ValueError(f"the stop {stop} is on the wrong side of {at} for {entry.side} (paise)")
    if target is not None and (target - at) * entry.side.sign <= 0:
        raise ValueError(f"the target {target} is on the wrong side of {at} for {entry.side} (paise)")
    return Prices(limit_price_paise=limit, trigger_price_paise=trigger, stop_loss_paise=stop, target_paise=target)


def _stop(at: int, side: Side, levels: Levels) -> Fraction | None:
    if levels.stop_loss_percent is None:
        return None
    return at - side.sign * at * percent(levels.stop_loss_percent)


def _target(at: int, side: Side, levels: Levels, stop: int | None) -> Fraction | None:
    if levels.target_percent is not None:
        return at + side.sign * at * percent(levels.target_percent)
    if levels.reward_risk is not None and stop is not None:
        return at + side.sign * abs(at - stop) * Fraction(levels.reward_risk)
    return None


def _on_tick(price: int | Fraction | None, tick: int, *, up: bool) -> int | None:
    """The nearest price of the grid above or below; at least one tick, since no price is lower."""
    if price is None:
        return None
    return round_to_tick(ceil(price), tick, Rounding.UP) if up else round_to_tick(floor(price), tick, Rounding.DOWN)
