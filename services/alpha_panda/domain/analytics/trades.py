"""Trades: round trips from flat to flat, and what many of them come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import fmean

import msgspec

from alpha_panda.events.orders import Leg
from alpha_panda.events.signals import Product, Side


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A position of one strategy from its first fill until it was flat again.

    Turnovers are quantity times price of the fills that opened and closed it. `slippage_paise` is what the
    fills gave up against the price that was expected: the signal's, or the trigger or limit of the order.
    """

    strategy: str
    instrument_token: int
    product: Product
    side: Side
    """Of the entry: BUY is a long trade."""
    quantity: int
    entered_at: datetime
    left_at: datetime
    entry_turnover_paise: int
    exit_turnover_paise: int
    charges_paise: int
    slippage_paise: int
    stop_loss_paise: int | None
    """That of the signal that opened it."""
    target_paise: int | None
    entry_reason: str
    exit_leg: Leg
    exit_reason: str
    signal_id: str

    @property
    def gross_paise(self) -> int:
        """Profit before charges."""
        return self.side.sign * (self.exit_turnover_paise - self.entry_turnover_paise)

    @property
    def net_paise(self) -> int:
        """Profit after charges."""
        return self.gross_paise - self.charges_paise

    @property
    def risk_paise(self) -> int | None:
        """What the stop would have lost before charges; None without a stop."""
        if self.stop_loss_paise is None:
            return None
        return max(self.side.sign * (self.entry_turnover_paise - self.stop_loss_paise * self.quantity), 0)

    @property
    def r_multiple(self) -> float | None:
        """The net profit in multiples of the risk (Tharp, "Trade Your Way to Financial Freedom", 1998)."""
        risk_paise = self.risk_paise
        return self.net_paise / risk_paise if risk_paise else None

    @property
    def held(self) -> timedelta:
        """From the first fill to the last."""
        return self.left_at - self.entered_at


class TradeStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Closed trades in numbers, all after charges; None where the trades do not define it."""

    trades: int
    wins: int
    losses: int
    net_paise: int
    gross_paise: int
    charges_paise: int
    slippage_paise: int
    win_rate: float | None
    """Trades that made money over all trades; one that made nothing is in neither count but in all."""
    profit_factor: float | None
    """Sum of the profits over the sum of the losses; None where nothing was lost."""
    expectancy_rupees: float | None
    """The mean profit of a trade."""
    expectancy_r: float | None
    """The mean R multiple of the trades that have one."""
    average_win_rupees: float | None
    average_loss_rupees: float | None
    best_paise: int | None
    worst_paise: int | None
    average_held: timedelta | None


def statistics(trades: Sequence[Trade]) -> TradeStatistics:
    """The numbers of these trades."""
    profits = [each.net_paise for each in trades]
    won = [each for each in profits if each > 0]
    lost = [each for each in profits if each < 0]
    multiples = [each for each in (trade.r_multiple for trade in trades) if each is not None]
    return TradeStatistics(
        trades=len(trades),
        wins=len(won),
        losses=len(lost),
        net_paise=sum(profits),
        gross_paise=sum(each.gross_paise for each in trades),
        charges_paise=sum(each.charges_paise for each in trades),
        slippage_paise=sum(each.slippage_paise for each in trades),
        win_rate=len(won) / len(profits) if profits else None,
        profit_factor=sum(won) / -sum(lost) if lost else None,
        expectancy_rupees=_mean_rupees(profits),
        expectancy_r=fmean(multiples) if multiples else None,
        average_win_rupees=_mean_rupees(won),
        average_loss_rupees=_mean_rupees(lost),
        best_paise=max(profits, default=None),
        worst_paise=min(profits, default=None),
        average_held=sum((each.held for each in trades), timedelta()) / len(trades) if trades else None,
    )


def _mean_rupees(profits: Sequence[int]) -> float | None:
    return fmean(profits) / 100 if profits else None
