"""What the exchange's rules give for an instrument on a date: the steps of its prices, its freeze quantity.

The instrument table, made from the exchange's daily list, is what orders are held to; these rules tell
what its columns ought to be, for dates whose list is gone and for finding a stale table.
"""

from __future__ import annotations

from datetime import date

from alpha_panda.domain.instrument import Segment
from alpha_panda.domain.market_rules import TickKind, in_force, market_rules

INDICES = frozenset({"NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTYNXT50", "SENSEX", "BANKEX"})
"""Underlyings whose futures follow the steps of index futures."""


def tick_size_paise(kind: TickKind, month_close_paise: int, day: date) -> int:
    """The step of an instrument's prices on a day.

    `month_close_paise` is its close (of a future its underlying's) on the last trading day of the month before.

    Raises:
        RuleUnknownError: the day lies before the first rule.
        ValueError: the close is not positive.
    """
    if month_close_paise < 1:
        msg = f"a close of {month_close_paise} paise; allowed: at least 1"
        raise ValueError(msg)
    rows = (row for row in market_rules().tick_sizes if row.kind is kind)
    bands = in_force(rows, day, f"the tick size of {kind}").bands
    return next(band.tick_paise for band in bands if band.upto_paise is None or month_close_paise <= band.upto_paise)


def tick_kind(segment: Segment, underlying: str) -> TickKind | None:
    """What an instrument counts as; None for an index, which has no orders and so no step."""
    match segment:
        case Segment.EQUITY:
            return TickKind.SHARES
        case Segment.OPTIONS:
            return TickKind.OPTIONS
        case Segment.FUTURES:
            return TickKind.INDEX_FUTURES if underlying in INDICES else TickKind.STOCK_FUTURES
        case Segment.INDEX:
            return None


def freeze_quantity(underlying: str, day: date) -> int | None:
    """The largest quantity of one order in an index's contracts; None for an underlying that the list has not.

    Raises:
        RuleUnknownError: the day lies before the first list.
    """
    return in_force(market_rules().freeze_quantities, day, "the freeze quantity").most.get(underlying)
