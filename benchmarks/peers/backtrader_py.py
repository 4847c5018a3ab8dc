"""backtrader: indicators are lines, a Python method is called for each bar, orders fill at the next open."""

from __future__ import annotations

from typing import Any

import backtrader as bt

from benchmarks.peers.job import Job, Trade, answer, paise

CASH = 10_000_000
UNITS = 100


def trade(job: Job, bars: Any) -> list[Trade]:  # noqa: ANN401 — a frame of pandas
    """Trade the crossing."""
    found: list[Trade] = []

    class Crossing(bt.Strategy):  # type: ignore[misc] # the package has no types
        def __init__(self) -> None:
            self.fast = bt.indicators.EMA(self.data.close, period=job.fast)
            self.slow = bt.indicators.EMA(self.data.close, period=job.slow)
            self.before: bool | None = None
            self.paid = 0

        def next(self) -> None:
            above = self.fast[0] > self.slow[0]
            before, self.before = self.before, above
            if before is None or before == above:
                return
            if above and not self.position:
                self.buy(size=UNITS)
            elif not above and self.position:
                self.close()

        def notify_order(self, order: Any) -> None:  # noqa: ANN401 — as above
            if order.status != order.Completed:
                return
            price = paise(order.executed.price)
            if order.isbuy():
                self.paid = price
            else:
                found.append((self.paid, price))

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=bars))
    cerebro.addstrategy(Crossing)
    cerebro.broker.setcash(CASH)
    cerebro.run()
    return found


if __name__ == "__main__":
    answer(trade)
