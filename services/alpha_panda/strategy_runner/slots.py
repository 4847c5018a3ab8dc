"""A slot: one instance of a strategy on one instrument, kept apart from all others.

An instance with a verdict is dropped and not called again until it is built anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from alpha_panda.events.market import Bar, Tick
from alpha_panda.strategy import Context, Enter, LoadedStrategy, Strategy, Wish, listens_to_ticks
from alpha_panda.strategy_runner.closing import Closing
from alpha_panda.strategy_runner.verdicts import NonsenseError, Party, Verdict
from alpha_panda.strategy_runner.warden import Warden
from alpha_panda.strategy_runner.wishes import checked

_NOTHING: Final = ()
"""What most bars bring."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_Instance = Strategy[Any]


class SlotState(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot keeps of a slot. `state` is the instance's own, None where it has a verdict."""

    seen: dict[str, int]
    verdict: Verdict | None
    told: bool
    state: Any
    past: dict[str, datetime] = {}


class Slot:
    """An instance, the bars it has seen, and the verdict on it where there is one."""

    def __init__(
        self, loaded: LoadedStrategy, context: Context, party: Party, warden: Warden, kept: SlotState | None = None
    ) -> None:
        """Build the instance, in the state that a snapshot kept of it where there is one."""
        self.context = context
        self.party = party
        self.verdict: Verdict | None = None
        self.told = False
        """Whether the verdict has become a fact."""
        self.ticks = listens_to_ticks(loaded.strategy)
        self.seen = dict.fromkeys((str(each) for each in context.timeframes), 0)
        self.at: Bar | None = None
        """Where `on_bars` stopped."""
        self.state_bytes = 0
        """Of the state in the last snapshot."""
        self._warden = warden
        self._closing: Closing | None = None
        self._told_until = _LONG_AGO
        """What ends later may be behind a closing that the instance is to be told of."""
        self._instance: Strategy[Any] | None = None
        self.needed = 0
        """Bars of each timeframe that it says it needs."""
        self._past: dict[str, datetime] = {}
        """By timeframe, the end of the bars of the past that it was shown: what begins before is known to it."""
        if kept is None or kept.verdict is None:
            self._call("build", lambda: self._build(loaded))
        if kept is not None:
            self._restore(kept)

    def closes(self, closing: Closing | None) -> None:
        """Say when the platform closes its positions from now on; None: not by itself."""
        self._closing = closing
        self._told_until = _LONG_AGO

    @property
    def is_fresh(self) -> bool:
        """Whether it has seen no bar, and can still be shown what was before."""
        return self._instance is not None and not any(self.seen.values())

    @property
    def is_warm(self) -> bool:
        """Whether it has seen as many bars of each timeframe as it says it needs."""
        return self.verdict is None and min(self.seen.values()) >= self.needed

    @property
    def instance(self) -> Strategy[Any] | None:
        """The strategy's own object, while there is no verdict on it."""
        return self._instance

    def on_bar(self, bar: Bar) -> tuple[Wish, ...]:
        """What the instance wants after a closed bar; nothing where that is of the past which it was shown."""
        if self._past and self._is_past(bar):
            return ()
        self.seen[bar.timeframe] += 1
        instance = self._instance
        return () if instance is None else self._wishes("on_bar", instance, instance.on_bar, bar.end, bar)

    def on_bars(self, bars: Iterator[Bar]) -> tuple[Wish, ...]:
        """What the instance wants after the first of these bars after which it wants anything; the rest wait."""
        instance = self._instance
        return () if instance is None else self._call("on_bar", self._first_wishes, instance, bars) or ()

    def on_tick(self, tick: Tick, event_time: datetime) -> tuple[Wish, ...]:
        """What the instance wants after a trade."""
        instance = self._instance
        if instance is None:
            return ()
        return self._wishes("on_tick", instance, instance.on_tick, event_time, tick, event_time)

    def warm(self, bar: Bar) -> None:
        """Show the instance a bar of the past."""
        instance = self._instance
        if instance is not None:
            self.seen[bar.timeframe] += 1
            self._past[bar.timeframe] = bar.end
            self._call("warm", lambda: instance.warm(bar))

    def withhold(self, entry: Enter) -> None:
        """Tell the instance that an entry was not passed on."""
        instance = self._instance
        if instance is not None:
            self._call("entry_withheld", lambda: instance.entry_withheld(entry))

    def fail(self, found: Verdict) -> None:
        """Drop the instance with all that it keeps."""
        self.verdict = found
        self._instance = None
        self._warden.forget(self.party)

    def snapshot(self) -> SlotState:
        """The state; an instance that cannot give its own has a verdict from now on."""
        instance = self._instance
        state: Any = None
        if instance is not None:
            state = self._call("snapshot", lambda: self._plain(instance.snapshot()))
        return SlotState(seen=dict(self.seen), verdict=self.verdict, told=self.told, state=state, past=dict(self._past))

    def _build(self, loaded: LoadedStrategy) -> None:
        instance = loaded.instance(self.context)
        needed = instance.warm_up_bars
        if type(needed) is not int or needed < 0:
            raise NonsenseError(f"warm_up_bars is {needed!r}: allowed is a number from 0 on")
        self.needed = needed
        self._instance = instance

    def _restore(self, kept: SlotState) -> None:
        self.seen = dict(kept.seen)
        self._past = dict(kept.past)
        instance = self._instance
        if kept.verdict is not None:
            self.fail(kept.verdict)
            self.told = kept.told
        elif instance is not None:
            self._call("restore", lambda: instance.restore(kept.state))

    def _is_past(self, bar: Bar) -> bool:
        until = self._past.get(bar.timeframe)
        return until is not None and bar.start < until

    def _wishes(
        self, name: str, instance: _Instance, ask: Callable[..., Iterable[Wish]], now: datetime, *about: object
    ) -> tuple[Wish, ...]:
        return self._call(name, self._checked, instance, ask, now, *about) or ()

    def _first_wishes(self, instance: _Instance, bars: Iterator[Bar]) -> tuple[Wish, ...]:
        seen, ask = self.seen, instance.on_bar
        for bar in bars:
            self.at = bar
            seen[bar.timeframe] += 1
            if bar.end > self._told_until:
                self._tell_closed(instance, bar.end)
            found = ask(bar)
            if found is _NOTHING:
                continue
            wishes = checked(found, self._warden.limits.wishes)
            if wishes:
                return wishes
        self.at = None
        return ()

    def _checked(
        self, instance: _Instance, ask: Callable[..., Iterable[Wish]], now: datetime, *about: object
    ) -> tuple[Wish, ...]:
        if now > self._told_until:
            self._tell_closed(instance, now)
        return checked(ask(*about), self._warden.limits.wishes)

    def _tell_closed(self, instance: _Instance, now: datetime) -> None:
        """Before all that ends behind a session's closing, and again each time: it may have wanted in meanwhile."""
        if self._closing is None:
            self._told_until = _NEVER
            return
        at = self._closing.of(now)
        if at is None:
            return
        self._told_until = at
        if now > at:
            instance.closed(at)

    def _call(self, name: str, do: Callable[..., Any], *about: object) -> Any:  # noqa: ANN401 - whatever the call gives
        result, found = self._warden.call(self.party, name, do, *about)
        if found is not None:
            self.fail(found)
        return result

    def _plain(self, state: Any) -> Any:  # noqa: ANN401 - any values that a snapshot can hold
        """The state if it survives the way to a store and back."""
        try:
            kept = msgspec.msgpack.encode(state)
        except (TypeError, ValueError, OverflowError) as error:
            raise NonsenseError(f"snapshot() holds what no store can keep: {error}") from error
        copy = msgspec.msgpack.decode(kept)
        if not isinstance(copy, dict):
            raise NonsenseError(f"snapshot() returns a dict, not {type(state).__name__}")
        self.state_bytes = len(kept)
        return copy
