"""Bars of the past for instances that have seen none: which they need, and showing them.

Where they come from is the caller's business: earlier days of a backtest's data, or the history database of a
live platform. Indicators move, nothing is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.strategy_runner.roster import Enlisted
from alpha_panda.strategy_runner.verdicts import Party


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """So many bars of each of these timeframes are needed by these fresh instances of a strategy."""

    party: Party
    timeframes: tuple[Timeframe, ...]
    tokens: tuple[int, ...]
    bars: int


def needs(strategies: Iterable[Enlisted]) -> tuple[Need, ...]:
    """What each strategy needs that has fresh instances."""
    return tuple(need for strategy in strategies if (need := _need(strategy)) is not None)


def show(strategy: Enlisted | None, bars: Iterable[Bar]) -> None:
    """Show bars, oldest first, to the fresh instances of a strategy."""
    if strategy is None:
        return
    fresh = _fresh(strategy)
    for bar in bars:
        if bar.instrument_token in fresh and bar.timeframe in strategy.timeframes:
            strategy.slots[bar.instrument_token].warm(bar)


def _need(strategy: Enlisted) -> Need | None:
    tokens = _fresh(strategy)
    most = max((strategy.slots[token].needed for token in tokens), default=0)
    if not most:
        return None
    return Need(party=strategy.party, timeframes=strategy.timeframes, tokens=tokens, bars=most)


def _fresh(strategy: Enlisted) -> tuple[int, ...]:
    return tuple(token for token, slot in sorted(strategy.slots.items()) if slot.is_fresh)
