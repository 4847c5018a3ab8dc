"""Whether the bars of an epoch leave one Broker's services as they are but for last prices.

In: the cores after an epoch that they took in whole, then bars. Most epochs are calm: no order rests within their
prices, no breaker is near, no day begins. The cores are not called then; what they missed, which is the last
price of each instrument and the last watermark, they are told before the next epoch that is not calm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from alpha_panda.domain.ticks import OFFSETS
from alpha_panda.events.market import Bar
from alpha_panda.paper_trading.processor import PaperTradingProcessor
from alpha_panda.portfolio.processor import PortfolioProcessor
from alpha_panda.risk_manager.processor import RiskManagerProcessor

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Calm:
    """What one Broker's services wait for, from one epoch that they took in whole to the next."""

    def __init__(
        self, risk: RiskManagerProcessor, paper: PaperTradingProcessor, portfolio: PortfolioProcessor
    ) -> None:
        """Ask them."""
        self._risk = risk
        self._paper = paper
        self._portfolio = portfolio
        self._stakes = risk.stakes()
        self._corridors = {token: book.corridor for token, book in paper.state.books.items()}
        self._missed: dict[int, Bar] = {}
        self._watermark: datetime | None = None
        self._until = min(self._stakes.until, paper.due or _NEVER)
        self._is_idle = not (self._corridors or self._stakes.units)

    @property
    def equity_paise(self) -> int:
        """At the last prices that were taken in."""
        return self._stakes.equity_paise

    def lasts(self, watermark: datetime) -> bool:
        """Whether time alone changes nothing up to there."""
        return watermark < self._until

    def take(self, bars: Sequence[Bar]) -> bool | None:
        """Take in the prices of an epoch; whether the worth of something held changed, None where it is not calm."""
        if self._is_idle:
            return False
        if not self._within(bars):
            return None
        return self._stakes.take(bars)

    def touches(self, bar: Bar) -> bool:
        """Whether the order of this instrument's prices matters: something rests or is held there."""
        return bar.instrument_token in self._corridors or bar.instrument_token in self._stakes.units

    def miss(self, bars: Sequence[Bar], watermark: datetime) -> None:
        """The services are not told of an epoch that was taken in."""
        for bar in bars:
            self._missed[bar.instrument_token] = bar
        self._watermark = watermark

    def tell(self) -> None:
        """Tell the services what they missed."""
        if self._watermark is None:
            return
        self._stakes.settle()
        self.mark(self._missed.values())
        for core in (self._paper, self._risk, self._portfolio):
            # Nothing follows but the worth of what is held, which was said when it changed.
            core.on_watermark(self._watermark)
        self._missed.clear()
        self._watermark = None

    def mark(self, bars: Iterable[Bar]) -> None:
        """Tell the services the last prices of bars."""
        self._stakes.settle()
        for bar in bars:
            token, price_paise = bar.instrument_token, bar.close_paise
            moment = bar.start + (bar.end - bar.start) * OFFSETS[-1] / 60
            self._risk.mark(token, price_paise, moment)
            self._portfolio.mark(token, price_paise, moment)

    def _within(self, bars: Sequence[Bar]) -> bool:
        corridors = self._corridors
        for bar in bars:
            corridor = corridors.get(bar.instrument_token)
            if corridor is not None and not (corridor[0] < bar.low_paise and bar.high_paise < corridor[1]):
                return False
        return True
