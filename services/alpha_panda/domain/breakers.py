"""Circuit breakers: losses of a day, a week and a month and the day's drawdown, at which only exits pass.

Reckoned from the equity at every price of a position, every fill and every watermark, so also a loss
that lasted a moment counts. A breaker that tripped is a lock: it stands until the first session of the
next period, whatever the equity or the limit do meanwhile. A loss is measured from the equity at the
end of the period before, so what prices do overnight belongs to the new day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction

import msgspec

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.limits import LossLimits
from alpha_panda.domain.locks import ACCOUNT, Lock, Locks, of_strategy
from alpha_panda.domain.money import rupees
from alpha_panda.domain.periods import Period, end_of, opens_after

CODES = {Period.DAY: "daily_loss", Period.WEEK: "weekly_loss", Period.MONTH: "monthly_loss"}
SETTINGS = {
    Period.DAY: "account.maxDailyLossPercent",
    Period.WEEK: "account.maxWeeklyLossPercent",
    Period.MONTH: "account.maxMonthlyLossPercent",
}
DRAWDOWN = "max_drawdown"
STRATEGY_LOSS = "strategy_daily_loss"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
ACCOUNT_CODES = (DRAWDOWN, *CODES.values())
CODES_OF_BREAKERS = frozenset({*ACCOUNT_CODES, STRATEGY_LOSS})
"""The codes of locks that are breakers; the others are pauses."""


class Opening(msgspec.Struct, kw_only=True):
    """A period under way: where it ends and the equity that it opened with."""

    ends: datetime
    equity_paise: int


class StrategyLoss(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy has made since the beginning, and the most that it may lose in a day."""

    strategy: str
    made_paise: int
    most_paise: int


class Breakers(msgspec.Struct, kw_only=True):
    """The periods under way. Nothing is known before the first event of the market."""

    periods: dict[Period, Opening] = msgspec.field(default_factory=dict)
    peak_paise: int = 0
    """Highest equity of the day."""
    strategies: dict[str, int] = msgspec.field(default_factory=dict)
    """What each strategy had made, open positions included, when the day opened."""

    @property
    def day_ends(self) -> datetime:
        """When the day under way is over; before the first day begins, long ago."""
        day = self.periods.get(Period.DAY)
        return _LONG_AGO if day is None else day.ends

    def roll(self, now: datetime, equity_paise: int, made: Mapping[str, int]) -> None:
        """Open the periods that begin with `now`; to be called with what was known before it."""
        for period in Period:
            known = self.periods.get(period)
            if known is None or now >= known.ends:
                self.periods[period] = Opening(ends=end_of(period, now), equity_paise=equity_paise)
                if period is Period.DAY:
                    self.peak_paise = equity_paise
                    self.strategies = dict(made)

    def pay(self, paise: int) -> None:
        """Money was paid in (negative: out), which is neither profit nor loss."""
        self.peak_paise += paise
        for opening in self.periods.values():
            opening.equity_paise += paise

    def check(
        self, now: datetime, equity_paise: int, limits: LossLimits, locks: Locks, calendar: SessionCalendar
    ) -> Iterator[Lock]:
        """The breakers of the account that trip now and are not in force yet."""
        self.peak_paise = max(self.peak_paise, equity_paise)
        for period, share in _shares(limits):
            opening = self.periods[period]
            lost = opening.equity_paise - equity_paise
            setting = SETTINGS[period]
            if period is Period.DAY and limits.day_paise is not None and lost >= limits.day_paise:
                allowed, setting = rupees(limits.day_paise), "account.maxDailyLoss"
            elif share is not None and lost >= _least(opening.equity_paise, share):
                allowed = _percent(share)
            else:
                continue
            if locks.find(CODES[period], ACCOUNT, now) is None:
                says = f"the account has lost {rupees(lost)} since the {period} opened with"
                reason = f"{says} {rupees(opening.equity_paise)}, limit {allowed} ({setting})"
                yield _lock(CODES[period], ACCOUNT, (lost, allowed, reason), now, opens_after(calendar, opening.ends))
        fallen = self.peak_paise - equity_paise
        most = limits.drawdown
        tripped = most is not None and fallen >= _least(self.peak_paise, most)
        if tripped and locks.find(DRAWDOWN, ACCOUNT, now) is None:
            allowed = _percent(most)
            says = f"the equity has fallen by {rupees(fallen)} from the day's highest, {rupees(self.peak_paise)}"
            reason = f"{says}, limit {allowed} (account.drawdownPercent)"
            until = opens_after(calendar, self.periods[Period.DAY].ends)
            yield _lock(DRAWDOWN, ACCOUNT, (fallen, allowed, reason), now, until)

    def loss_floor(self, limits: LossLimits) -> int | None:
        """The highest equity at which `check` finds a loss of the account; None where none is limited or before all."""
        if not self.periods:
            return None
        floors = [
            self.periods[period].equity_paise - _least(self.periods[period].equity_paise, share)
            for period, share in _shares(limits)
            if share is not None
        ]
        if limits.day_paise is not None:
            floors.append(self.periods[Period.DAY].equity_paise - limits.day_paise)
        return max(floors, default=None)

    def fall_floor(self, limits: LossLimits, peak_paise: int) -> int | None:
        """The same of the drawdown, if the day's highest equity was `peak_paise`."""
        return None if limits.drawdown is None else peak_paise - _least(peak_paise, limits.drawdown)

    def floor_of(self, strategy: str, most_paise: int) -> int:
        """What a strategy has made, open positions included, when `check_strategy` finds its loss of the day."""
        return self.strategies.get(strategy, 0) - most_paise

    def check_strategy(
        self, loss: StrategyLoss, now: datetime, locks: Locks, calendar: SessionCalendar
    ) -> Iterator[Lock]:
        """The breaker of one strategy, by what it has made so far, open positions included."""
        strategy, subject = loss.strategy, of_strategy(loss.strategy)
        lost = self.strategies.get(strategy, 0) - loss.made_paise
        if (
            loss.made_paise > self.floor_of(strategy, loss.most_paise)
            or locks.find(STRATEGY_LOSS, subject, now) is not None
        ):
            return
        allowed = rupees(loss.most_paise)
        reason = f"{strategy} has lost {rupees(lost)} since the day opened, limit {allowed} (risk.maxDailyLoss)"
        until = opens_after(calendar, self.periods[Period.DAY].ends)
        yield _lock(STRATEGY_LOSS, subject, (lost, allowed, reason), now, until)


def _shares(limits: LossLimits) -> tuple[tuple[Period, Fraction | None], ...]:
    return (Period.DAY, limits.day), (Period.WEEK, limits.week), (Period.MONTH, limits.month)


def _least(of_paise: int, share: Fraction) -> int:
    """The smallest loss that is the share or more of an equity, which is positive where there is something to lose."""
    return max(-(-of_paise * share.numerator // share.denominator), 1)


def _percent(share: Fraction | None) -> str:
    return "none" if share is None else f"{float(share * 100):g} %"


def _lock(code: str, subject: str, found: tuple[int, str, str], now: datetime, until: datetime) -> Lock:
    lost_paise, allowed, reason = found
    return Lock(
        code=code, subject=subject, value=rupees(lost_paise), limit=allowed, reason=reason, since=now, until=until
    )
