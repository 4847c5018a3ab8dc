"""backtesting.py: indicators are arrays, a Python method is called for each bar, orders fill at the next open."""

from __future__ import annotations

from math import isnan
from typing import Any

from backtesting import Backtest, Strategy

from benchmarks.peers.job import Job, Trade, answer, average, paise

CASH = 10_000_000
UNITS = 100


def trade(job: Job, bars: Any) -> list[Trade]:  # noqa: ANN401 — a frame of pandas
    """Trade the crossing."""

    class Crossing(Strategy):  # type: ignore[misc] # the package has no types
        def init(self) -> None:
            closes = self.data.Close.s
            self.fast = self.I(average, closes, job.fast)
            self.slow = self.I(average, closes, job.slow)

        def next(self) -> None:
            if isnan(self.slow[-2]):
                return
            above, before = self.fast[-1] > self.slow[-1], self.fast[-2] > self.slow[-2]
            if above and not before and not self.position:
                self.buy(size=UNITS)
            elif before and not above and self.position:
                self.position.close()

    frame = bars.rename(columns=str.capitalize)
    stats = Backtest(frame, Crossing, cash=CASH, finalize_trades=False).run()
    found = stats["_trades"]
    return [(paise(entry), paise(left)) for entry, left in zip(found.EntryPrice, found.ExitPrice, strict=True)]


if __name__ == "__main__":
    answer(trade)
