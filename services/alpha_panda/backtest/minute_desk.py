"""One Broker's services in one process, over days of minute bars: called where they have something to decide.

In: the epochs of a day and their raw signals. Out: what the services say, or only what the account is worth.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from alpha_panda.backtest.calm import Calm
from alpha_panda.backtest.desk import Desk, stamped
from alpha_panda.backtest.minute_day import MinuteDay
from alpha_panda.domain.epochs import ticks_of_bars
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.signals import SignalRaised


class Marks(Protocol):
    """Who is told what a desk says."""

    def record(self, event: AnyEvent) -> None:
        """What a core said."""

    def mark(self, broker: str, at: datetime, equity_paise: int) -> None:
        """Only prices moved, and with them the worth of an account."""


class MinuteDesk(Desk):
    """A desk that passes over epochs in which nothing but prices moves."""

    _calm: Calm | None = None

    def pass_over(self, day: MinuteDay, begin: int, end: int, told: Marks) -> None:
        """The epochs from `begin` to before `end`, in which nobody raises a signal."""
        epoch = begin
        while epoch < end:
            if self._calm is not None and not self.validated:
                epoch = self._skim(self._calm, day, epoch, end, told)
            if epoch < end:
                self.decide(day, epoch, (), told)
                epoch += 1

    def decide(self, day: MinuteDay, epoch: int, raw: Sequence[AnyEvent], told: Marks) -> None:
        """One epoch with everything that happens in it; `raw` are all Brokers' signals."""
        own = [each for each in raw if each.broker == self.broker and isinstance(each.data, SignalRaised)]
        watermark, number = day.watermarks[epoch], day.first + epoch
        ticked: Collection[int] = day.lines
        calm = self._calm
        if calm is not None:
            calm.tell(day, epoch)
            if calm.lasts(watermark):
                ticked = self._restless(calm, day, epoch)
                calm.mark(bar for bar in day.epochs[epoch] if bar.instrument_token not in ticked)
        ticks = stamped(ticks_of_bars(day.numbered(epoch, ticked)), number, None) if ticked else ()
        self.turn(ticks, own, watermark, lambda events: stamped(events, number, told.record))
        self._calm = Calm(self.risk, self.paper, self.portfolio, epoch + 1)

    def end_day(self, day: MinuteDay) -> None:
        """The services know all of the day."""
        if self._calm is not None:
            self._calm.tell(day, len(day.watermarks))
            self._calm.begin_day()

    def finish(self, number: int, watermark: datetime, told: Marks) -> None:
        """The final epoch, which has no bars."""
        self.turn((), (), watermark, lambda events: stamped(events, number, told.record))

    def _skim(self, calm: Calm, day: MinuteDay, begin: int, end: int, told: Marks) -> int:
        """The first epoch from `begin` that is not calm; `end` where all before it are."""
        end = min(end, day.epoch_of(calm.until))
        if calm.is_idle:
            return max(end, begin)
        for epoch in range(begin, end):
            moved = calm.take(day.epochs[epoch])
            if moved is None:
                return epoch
            if moved:
                told.mark(self.broker, day.watermarks[epoch], calm.equity_paise)
        return max(end, begin)

    def _restless(self, calm: Calm, day: MinuteDay, epoch: int) -> Collection[int]:
        """The instruments whose prices in an epoch must be told one by one; none where they change nothing."""
        awaited = {each.data.signal.instrument_token for each in self.validated}
        if not awaited and calm.take(day.epochs[epoch]) is not None:
            return ()
        return calm.touched | awaited
