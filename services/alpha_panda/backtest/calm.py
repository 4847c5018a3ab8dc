"""Whether the bars of an epoch leave one Broker's services as they are but for last prices.

In: the cores after an epoch that they took in whole, then bars. Most epochs are calm: no order rests within their
prices, no breaker is near, no day begins. The cores are not called then; what they missed, which is the last
price of each instrument and the last watermark, they are told before the next epoch that is not calm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from alpha_panda.backtest.minute_day import MinuteDay
from alpha_panda.domain.ticks import OFFSETS
from alpha_panda.events.market import Bar
from alpha_panda.paper_trading.processor import PaperTradingProcessor
from alpha_panda.portfolio.processor import PortfolioProcessor
from alpha_panda.risk_manager.processor import RiskManagerProcessor

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Calm:
    """What one Broker's services wait for, from one epoch that they took in whole to the next."""

    def __init__(
        self, risk: RiskManagerProcessor, paper: PaperTradingProcessor, portfolio: PortfolioProcessor, epoch: int
    ) -> None:
        """Ask them; `epoch` of the day is the first that they do not know."""
        self._risk = risk
        self._paper = paper
        self._portfolio = portfolio
        self._epoch = epoch
        self._stakes = risk.stakes()
        self._corridors = {token: book.corridor for token, book in paper.state.books.items()}
        self.until = min(self._stakes.until, paper.due or _NEVER)
        """Time alone changes nothing before."""
        self.touched = self._corridors.keys() | self._stakes.units.keys()
        """Instruments in which something rests or is held."""
        self.is_idle = not self.touched
        """Whether no price can do anything."""

    @property
    def equity_paise(self) -> int:
        """At the last prices that were taken in."""
        return self._stakes.equity_paise

    def lasts(self, watermark: datetime) -> bool:
        """Whether time alone changes nothing up to there."""
        return watermark < self.until

    def take(self, bars: Sequence[Bar]) -> bool | None:
        """Take in the prices of an epoch; whether the worth of something held changed, None where it is not calm."""
        corridors = self._corridors
        for bar in bars:
            corridor = corridors.get(bar.instrument_token)
            if corridor is not None and not (corridor[0] < bar.low_paise and bar.high_paise < corridor[1]):
                return None
        return self._stakes.take(bars)

    def tell(self, day: MinuteDay, epoch: int) -> None:
        """Tell the services what they missed before an epoch of a day."""
        if epoch <= self._epoch:
            return
        lasts = (line.last_before(epoch) for line in day.lines.values())
        begins = day.watermarks[self._epoch]
        self.mark(bar for bar in lasts if bar is not None and bar.end >= begins)
        for core in (self._paper, self._risk, self._portfolio):
            # Nothing follows but the worth of what is held, which was said when it changed.
            core.on_watermark(day.watermarks[epoch - 1])
        self._epoch = epoch

    def begin_day(self) -> None:
        """The next day's first epoch is the first that they do not know."""
        self._epoch = 0

    def mark(self, bars: Iterable[Bar]) -> None:
        """Tell the services the last prices of bars."""
        self._stakes.settle()
        for bar in bars:
            token, price_paise = bar.instrument_token, bar.close_paise
            moment = bar.start + (bar.end - bar.start) * OFFSETS[-1] / 60
            self._risk.mark(token, price_paise, moment)
            self._portfolio.mark(token, price_paise, moment)
