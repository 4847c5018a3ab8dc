"""How an order meets a tick on paper: whether it trades, at what price, and how much of it.

- MARKET trades at the tick's price made worse by the slippage, rounded against the trader to the grid.
- LIMIT trades where the price is at the limit or better: at the limit where the tick came through it, else at the
  tick's price, which has jumped there.
- SL waits for its trigger, then is a LIMIT from that same tick on; SL-M likewise, then a MARKET. Where the tick came
  through the trigger, the trigger is the price at that moment; a gap through a stop trades at the tick's price.
- A tick that says its volume gives at most a share of it, but at least one lot where it has one.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

import msgspec

from alpha_panda.domain.instrument import Rounding, round_to_tick
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import Order
from alpha_panda.events.signals import OrderType, Side

BEYOND_PAISE: Final = 10**13
"""Above every price."""


class PaperTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How the paper market of a Broker behaves."""

    slippage: Fraction
    """Of the price, given up on each market fill."""
    latency: timedelta
    """Event time from an order's acceptance until it can match."""
    participation: Fraction
    """Of a tick's volume, the most that trades with orders of this Broker."""
    charges_as_of: date | None = None
    halted: bool = False
    """Whether the Broker's resource says that nothing may increase its risk."""


def slipped_paise(price_paise: int, side: Side, slippage: Fraction, tick_size_paise: int) -> int:
    """The price of a market fill, on the grid and never better than the tick's."""
    if side is Side.BUY:
        return round_to_tick(math.ceil(price_paise * (1 + slippage)), tick_size_paise, Rounding.UP)
    return round_to_tick(math.floor(price_paise * (1 - slippage)), tick_size_paise, Rounding.DOWN)


def is_triggered(order: Order, price_paise: int) -> bool:
    """Whether a price sets a stop order off; an order without a trigger always works."""
    trigger_paise = order.trigger_price_paise
    if trigger_paise is None:
        return True
    return price_paise >= trigger_paise if order.side is Side.BUY else price_paise <= trigger_paise


def corridor(order: Order, *, triggered: bool) -> tuple[int, int]:
    """Two prices; a tick strictly between them does nothing to an order: neither sets it off nor trades it."""
    level_paise = order.limit_price_paise if triggered else order.trigger_price_paise
    if level_paise is None:
        return 0, 0
    waits_below = triggered is (order.side is Side.BUY)
    return (level_paise, BEYOND_PAISE) if waits_below else (0, level_paise)


def concerns(order: Order, price_paise: int, *, triggered: bool) -> bool:
    """Whether a tick does anything to an order: sets it off, or trades it."""
    low_paise, high_paise = corridor(order, triggered=triggered)
    return not low_paise < price_paise < high_paise


def passed_paise(tick: Tick, level_paise: int | None) -> int:
    """The price when a level that the tick reaches was met: the level where the tick came through it, else the tick's.

    Source: an order that rests in the book trades when the price is there (NSE's price-time priority); only a price
    that jumps over it leaves it the first one beyond.
    """
    start_paise, end_paise = tick.from_paise, tick.price_paise
    if level_paise is None or start_paise is msgspec.UNSET:
        return end_paise
    passed = min(start_paise, end_paise) < level_paise < max(start_paise, end_paise)
    return level_paise if passed else end_paise


def fill_price_paise(
    order: Order, tick: Tick, slippage: Fraction, tick_size_paise: int, *, was_triggered: bool
) -> int | None:
    """The price at which an order whose trigger is met trades at a tick; None where it does not.

    `was_triggered` says whether an earlier tick met the trigger: from then on it is no stop any more.
    """
    price_paise = tick.price_paise if was_triggered else passed_paise(tick, order.trigger_price_paise)
    if order.order_type in (OrderType.MARKET, OrderType.SL_M):
        return slipped_paise(price_paise, order.side, slippage, tick_size_paise)
    if not concerns(order, price_paise, triggered=True):
        return None
    return passed_paise(tick, order.limit_price_paise) if was_triggered else price_paise


def tradable(volume: int | None, participation: Fraction, lot_size: int) -> int | None:
    """Units of a tick that all orders of its instrument share, in whole lots; None where the volume is unknown."""
    if volume is None:
        return None
    if volume < lot_size:
        return 0
    return max(int(volume * participation) // lot_size, 1) * lot_size
