"""Protections: pauses after trades that went badly, as locks. Asked each time a position is closed.

The account's protections count the trades of all strategies, a strategy's only its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

import msgspec

from alpha_panda.domain.limits import LosingStreak, LowProfit, ProtectionTerms, StopLossGuard
from alpha_panda.domain.locks import ACCOUNT, Lock, of_instrument, of_pair, of_strategy
from alpha_panda.domain.money import rupees
from alpha_panda.domain.trades import ClosedTrade, Trades

COOLDOWN = "cooldown"
STOP_LOSS_GUARD = "stop_loss_guard"
LOW_PROFIT = "low_profit"
CONSECUTIVE_LOSSES = "consecutive_losses"
CODES = (STOP_LOSS_GUARD, COOLDOWN, LOW_PROFIT, CONSECUTIVE_LOSSES)


class Guarded:
    """Whose trades count: all of the account, or of one strategy; and where its protections are set."""

    def __init__(self, strategy: str | None) -> None:
        """`strategy` is None for the account."""
        self.strategy = strategy
        self.whole = ACCOUNT if strategy is None else of_strategy(strategy)
        self.where = "account.protections" if strategy is None else "risk.protections"
        self.who = "the account" if strategy is None else strategy

    def counts(self, trade: ClosedTrade) -> bool:
        """Whether a trade is one of its own."""
        return self.strategy in (None, trade.strategy)

    def instrument(self, token: int) -> str:
        """Its own part of an instrument."""
        return of_instrument(token) if self.strategy is None else of_pair(self.strategy, token)


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule found out about the newest trade."""

    code: str
    value: str
    limit: str
    reason: str

    def lock(self, subject: str, begin: datetime, pause: timedelta) -> Lock:
        """The pause that follows."""
        return Lock(
            code=self.code,
            subject=subject,
            value=self.value,
            limit=self.limit,
            reason=self.reason,
            since=begin,
            until=begin + pause,
        )


def pauses(trade: ClosedTrade, trades: Trades, terms: ProtectionTerms, guarded: Guarded) -> Iterator[Lock]:
    """What the newest trade brings."""
    if terms.cooldown is not None:
        minutes = _minutes(terms.cooldown)
        says = f"a position in this instrument was closed less than {minutes} min ago"
        subject = guarded.instrument(trade.instrument_token)
        setting = f"{guarded.where}.cooldownMinutes"
        found = _Found(code=COOLDOWN, value="closed", limit=f"{minutes} min", reason=f"{says} ({setting})")
        yield found.lock(subject, trade.closed_at, terms.cooldown)
    if terms.stop_loss_guard is not None and trade.stopped:
        yield from _stops(trade, trades, terms.stop_loss_guard, guarded)
    if terms.low_profit is not None:
        yield from _low_profit(trade, trades, terms.low_profit, guarded)
    if terms.losing_streak is not None:
        yield from _losses(trade, trades, terms.losing_streak, guarded)


def _stops(trade: ClosedTrade, trades: Trades, guard: StopLossGuard, guarded: Guarded) -> Iterator[Lock]:
    stops = sum(
        1
        for each in trades.since(trade.closed_at - guard.lookback)
        if each.stopped
        and guarded.counts(each)
        and (not guard.only_instrument or each.instrument_token == trade.instrument_token)
    )
    if stops < guard.stops:
        return
    subject = guarded.instrument(trade.instrument_token) if guard.only_instrument else guarded.whole
    says = f"{stops} stops of {guarded.who} were hit within {_minutes(guard.lookback)} min, limit {guard.stops}"
    setting = f"{guarded.where}.stopLossGuard"
    found = _Found(code=STOP_LOSS_GUARD, value=str(stops), limit=str(guard.stops), reason=f"{says} ({setting})")
    yield found.lock(subject, trade.closed_at, guard.pause)


def _low_profit(trade: ClosedTrade, trades: Trades, rule: LowProfit, guarded: Guarded) -> Iterator[Lock]:
    profits = [
        each.profit_paise
        for each in trades.since(trade.closed_at - rule.lookback)
        if each.instrument_token == trade.instrument_token and guarded.counts(each)
    ]
    profit = sum(profits)
    if len(profits) < rule.trades or profit >= rule.least_paise:
        return
    made, least = rupees(profit), rupees(rule.least_paise)
    says = (
        f"{len(profits)} trades of {guarded.who} in this instrument made {made} within {_minutes(rule.lookback)} min, "
        f"less than {least} ({guarded.where}.lowProfit)"
    )
    found = _Found(code=LOW_PROFIT, value=made, limit=least, reason=says)
    yield found.lock(guarded.instrument(trade.instrument_token), trade.closed_at, rule.pause)


def _losses(trade: ClosedTrade, trades: Trades, rule: LosingStreak, guarded: Guarded) -> Iterator[Lock]:
    newest = list(islice((each for each in reversed(trades.closed) if guarded.counts(each)), rule.losses))
    if len(newest) < rule.losses or any(each.profit_paise > 0 for each in newest):
        return
    says = f"the last {rule.losses} trades of {guarded.who} lost ({guarded.where}.consecutiveLosses)"
    value, limit = str(rule.losses), f"less than {rule.losses}"
    found = _Found(code=CONSECUTIVE_LOSSES, value=value, limit=limit, reason=says)
    yield found.lock(guarded.whole, trade.closed_at, rule.pause)


def _minutes(length: timedelta) -> str:
    return f"{length / timedelta(minutes=1):g}"
