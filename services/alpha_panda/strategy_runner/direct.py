"""The runner's core for who has bars and makes no events of them: a backtest that is in a hurry.

In: closed bars, each with what makes its event where one is needed after all. Out: what `on_event` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.strategy_runner.processor import StrategyRunnerProcessor
from alpha_panda.strategy_runner.roster import Listener


class DirectRunner(StrategyRunnerProcessor):
    """A runner whose bars come without their events; nobody watches its calls."""

    @property
    def listeners(self) -> Mapping[tuple[int, Timeframe], Sequence[Listener]]:
        """Who is given bars now, by instrument and timeframe."""
        return self._roster.by_bar

    def reach(self, epoch: int) -> None:
        """An epoch begins, as its first event would say."""
        if self._quarantines.reach(epoch):
            self._roster.enforce_quarantines()

    def hear(self, bar: Bar, listeners: Sequence[Listener], event_of: Callable[[Bar], AnyEvent]) -> list[AnyEvent]:
        """What follows from a closed bar; its event is made only where something does."""
        self._warden.about_bar(lambda: event_of(bar).id)
        said: list[AnyEvent] = []
        for listener in listeners:
            wishes = listener.slot.on_bar(bar)
            if wishes or listener.slot.verdict is not None:
                said += self._follow(event_of(bar), bar, listener, wishes)
        return said
