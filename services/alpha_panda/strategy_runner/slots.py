"""A slot: one instance of a strategy on one instrument, kept apart from all others.

The code in it is a trader's and may do anything, so every call into it goes through here. An instance
that raises is not called again until it is built anew; no other instance notices, not even of the same
strategy, since which instruments share a process must not change what is traded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec

from alpha_panda.events.market import Bar, Tick
from alpha_panda.strategy import Context, Enter, Exit, LoadedStrategy, Strategy, Wish, listens_to_ticks


class SlotState(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot keeps of a slot. `state` is the instance's own, None where it is at fault."""

    seen: dict[str, int]
    fault: str | None
    state: Any


class Slot:
    """An instance, the bars it has seen, and its fault where it raised."""

    def __init__(self, loaded: LoadedStrategy, context: Context) -> None:
        self.context = context
        self.fault: str | None = None
        self.ticks = listens_to_ticks(loaded.strategy)
        self.seen = dict.fromkeys((str(each) for each in context.timeframes), 0)
        self._instance: Strategy[Any] | None = None
        self._needed = 0
        self._guard(lambda: self._build(loaded))

    @property
    def is_warm(self) -> bool:
        """Whether it has seen as many bars of each timeframe as it says it needs."""
        return self.fault is None and min(self.seen.values()) >= self._needed

    def on_bar(self, bar: Bar) -> tuple[Wish, ...]:
        """What the instance wants after a closed bar."""
        self.seen[bar.timeframe] += 1
        return self._wishes(lambda instance: instance.on_bar(bar))

    def on_tick(self, tick: Tick, event_time: datetime) -> tuple[Wish, ...]:
        """What the instance wants after a trade."""
        return self._wishes(lambda instance: instance.on_tick(tick, event_time))

    def warm(self, bar: Bar) -> None:
        """Show the instance a bar of the past."""
        instance = self._instance
        if instance is not None:
            self.seen[bar.timeframe] += 1
            self._guard(lambda: instance.warm(bar))

    def withhold(self, entry: Enter) -> None:
        """Tell the instance that an entry was not passed on."""
        instance = self._instance
        if instance is not None:
            self._guard(lambda: instance.entry_withheld(entry))

    def fail(self, reason: str) -> None:
        """Put the instance at fault."""
        self.fault = reason
        self._instance = None

    def snapshot(self) -> SlotState:
        """The state; an instance that cannot give its own is at fault from now on."""
        instance = self._instance
        state = None if instance is None else self._guard(lambda: _plain(instance.snapshot()))
        return SlotState(seen=dict(self.seen), fault=self.fault, state=state)

    def restore(self, kept: SlotState) -> None:
        """Take over what `snapshot` gave."""
        self.seen = dict(kept.seen)
        if kept.fault is not None:
            self.fail(kept.fault)
        instance = self._instance
        if instance is not None:
            self._guard(lambda: instance.restore(kept.state))

    def _build(self, loaded: LoadedStrategy) -> None:
        instance = loaded.instance(self.context)
        self._needed = instance.warm_up_bars
        self._instance = instance

    def _wishes(self, call: Callable[[Strategy[Any]], Iterable[Wish]]) -> tuple[Wish, ...]:
        instance = self._instance
        if instance is None:
            return ()
        return self._guard(lambda: _checked(call(instance))) or ()

    def _guard(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 — whatever the call gives
        try:
            return call()
        except Exception as error:  # noqa: BLE001 — a trader's code may raise anything; it becomes the slot's fault
            self.fail(f"{type(error).__name__}: {error}")
            return None


def _checked(wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    found = tuple(wishes)
    for wish in found:
        if not isinstance(wish, Enter | Exit):
            raise TypeError(f"a strategy returns Enter and Exit, not {type(wish).__name__}")
    return found


def _plain(state: Any) -> Any:  # noqa: ANN401 — any values that a snapshot can hold
    """The state if it survives the way to a store and back; raises where it does not."""
    copy = msgspec.msgpack.decode(msgspec.msgpack.encode(state))
    if not isinstance(copy, dict):
        raise TypeError(f"snapshot() returns a dict, not {type(state).__name__}")
    return copy
