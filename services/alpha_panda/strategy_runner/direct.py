"""The runner's core for who has all bars of a day at once: a backtest in a hurry.

In: closed bars. Out: what `on_event` says of their events. Strategies never learn what becomes of their wishes, so
an instance can be shown bar after bar until it wants something, ahead of everybody else; what follows from that
is said when its epoch has come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.market import Bar
from alpha_panda.strategy import Wish
from alpha_panda.strategy_runner.processor import StrategyRunnerProcessor
from alpha_panda.strategy_runner.roster import Listener


class DirectRunner(StrategyRunnerProcessor):
    """A runner that is given bars and no ticks; nobody watches its calls."""

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Every instance that is in force now, by strategy and instrument."""
        return tuple(
            Listener(strategy, slot)
            for strategy in self._roster.strategies
            for _, slot in sorted(strategy.slots.items())
        )

    def reach(self, epoch: int) -> None:
        """An epoch has come, as its first event would say."""
        if self._quarantines.reach(epoch):
            self._roster.enforce_quarantines()

    def wishes(self, listener: Listener, bars: Iterator[Bar], name: Callable[[Bar], str]) -> tuple[Wish, ...]:
        """What an instance wants after the next of these bars after which it wants anything: its slot's `at`.

        Nothing where the bars end before that, or where it fails. `name` gives the id of a bar.
        """
        slot = listener.slot
        self._warden.about_any(lambda: "" if slot.at is None else name(slot.at))
        return slot.on_bars(bars)

    def follow(self, event: AnyEvent, bar: Bar, listener: Listener, wishes: tuple[Wish, ...]) -> list[AnyEvent]:
        """What follows from wishes after the bar of this event, or from a failure; nothing of who is quarantined."""
        if listener.strategy.slots.get(bar.instrument_token) is not listener.slot:
            return []
        return list(self._follow(event, bar, listener, wishes))
