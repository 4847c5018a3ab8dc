"""Closed trades: what each position made from its first fill to its last, net of charges.

Made from the Broker's fills. Protections look at the last of them, Kelly's sizes at how many were won.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction

import msgspec

from alpha_panda.domain.locks import of_pair
from alpha_panda.events.orders import Leg, OrderFilled

REMEMBERED = 200
"""Closed trades that are kept one by one: twice as many as any protection counts."""


class ClosedTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A position that is over."""

    strategy: str
    instrument_token: int
    closed_at: datetime
    profit_paise: int
    """Net of the charges of all its fills."""
    stopped: bool
    """Whether its stop closed it."""


class Tally(msgspec.Struct, kw_only=True):
    """All closed trades of a strategy. A trade that made nothing is a loss."""

    wins: int = 0
    losses: int = 0
    won_paise: int = 0
    lost_paise: int = 0

    @property
    def trades(self) -> int:
        """How many there are."""
        return self.wins + self.losses

    @property
    def win_rate(self) -> Fraction:
        """Share of them that won; 0 of none."""
        return Fraction(self.wins, self.trades) if self.trades else Fraction(0)

    @property
    def payoff(self) -> Fraction | None:
        """Average win over average loss; None where nothing was lost."""
        if not self.lost_paise:
            return None
        return Fraction(self.won_paise * self.losses, self.lost_paise * self.wins) if self.wins else Fraction(0)

    def take(self, profit_paise: int) -> None:
        """Count a trade."""
        if profit_paise > 0:
            self.wins += 1
            self.won_paise += profit_paise
        else:
            self.losses += 1
            self.lost_paise -= profit_paise


class Trades(msgspec.Struct, kw_only=True):
    """Trades under way (what they made so far, by strategy and instrument) and the closed ones, oldest first."""

    open: dict[str, int] = msgspec.field(default_factory=dict)
    closed: list[ClosedTrade] = msgspec.field(default_factory=list)
    tallies: dict[str, Tally] = msgspec.field(default_factory=dict)

    def take(self, event_time: datetime, fill: OrderFilled, realised_paise: int, *, flat: bool) -> ClosedTrade | None:
        """Take a fill in, with what it realised before charges; the trade where it left nothing open."""
        order = fill.order
        key = f"{of_pair(order.strategy, order.instrument_token)}|{order.product}"
        profit_paise = self.open.pop(key, 0) + realised_paise - fill.charges.total_paise
        if not flat:
            self.open[key] = profit_paise
            return None
        trade = ClosedTrade(
            strategy=order.strategy,
            instrument_token=order.instrument_token,
            closed_at=event_time,
            profit_paise=profit_paise,
            stopped=order.leg is Leg.STOP,
        )
        self.closed.append(trade)
        del self.closed[:-REMEMBERED]
        self.tallies.setdefault(order.strategy, Tally()).take(profit_paise)
        return trade

    def since(self, moment: datetime) -> Iterator[ClosedTrade]:
        """Those that closed later than a moment, the newest first."""
        for trade in reversed(self.closed):
            if trade.closed_at <= moment:
                return
            yield trade

    def tally(self, strategy: str) -> Tally:
        """The closed trades of a strategy."""
        return self.tallies.get(strategy) or Tally()
