"""One Broker's services in one process, minute by minute: called where they have something to decide.

In: the bars of an epoch and its raw signals. Out: what the services say, or only what the account is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from alpha_panda.backtest.calm import Calm
from alpha_panda.backtest.desk import Desk, Record, stamped
from alpha_panda.domain.epochs import NumberedBar, ticks_of_bars
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.market import Bar
from alpha_panda.events.signals import SignalRaised


class Minute(NamedTuple):
    """An epoch: its bars of the instruments that somebody trades, with and without their numbers."""

    epoch: int
    watermark: datetime
    numbered: Sequence[NumberedBar]
    bars: Sequence[Bar]


class MinuteDesk(Desk):
    """A desk that passes over epochs in which nothing but prices moves."""

    _calm: Calm | None = None

    def minute(self, minute: Minute, raw: Sequence[AnyEvent], record: Record) -> int | None:
        """One epoch, `raw` are all Brokers' signals; what the account is worth, where only that changed."""
        own = [each for each in raw if each.broker == self.broker and isinstance(each.data, SignalRaised)] if raw else ()
        calm = self._calm
        if calm is None or self.validated or not calm.lasts(minute.watermark):
            self._decide(minute, minute.numbered, own, record)
            return None
        moved = calm.take(minute.bars)
        if moved is None:
            self._decide(minute, [each for each in minute.numbered if calm.touches(each.bar)], own, record)
            return None
        if own:
            self._decide(minute, (), own, record)
            return None
        calm.miss(minute.bars, minute.watermark)
        return calm.equity_paise if moved else None

    def close(self) -> None:
        """Nothing more comes."""
        if self._calm is not None:
            self._calm.tell()

    def _decide(
        self, minute: Minute, ticked: Sequence[NumberedBar], own: Sequence[AnyEvent], record: Record
    ) -> None:
        """The whole epoch, with the ticks of some bars and the last prices of the others."""
        if self._calm is not None:
            self._calm.tell()
            self._calm.mark([each.bar for each in minute.numbered if each not in ticked])
        ticks = stamped(ticks_of_bars(ticked), minute.epoch, None)
        self.turn(ticks, own, minute.watermark, lambda events: stamped(events, minute.epoch, record))
        self._calm = Calm(self.risk, self.paper, self.portfolio)
