"""The core of the strategy runner: bars and ticks to strategies, their wishes to Brokers.

Inputs are `market.ticks`, `market.bars`, `control.strategies` and `control.brokers`; outputs are
`SignalRaised`, one for each Broker of the strategy that exists and that its mode may reach.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from pydantic import ValidationError

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.processor import AnyEvent, Processor, RefusedEventError
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.signals import SignalRaised
from alpha_panda.events.topics import Topic
from alpha_panda.resources.broker import BrokerSpec
from alpha_panda.resources.problems import in_one_line
from alpha_panda.resources.strategy import Mode, StrategyState
from alpha_panda.strategy import Enter, Wish
from alpha_panda.strategy_runner.roster import Enlisted, EnlistedState, Listener, Roster, Share, explain
from alpha_panda.strategy_runner.signals import signal_data, signals
from alpha_panda.strategy_runner.slots import Slot

COUNTS = ("signals", "entries_withheld", "live_withheld", "faults")
"""What is counted: signals raised, entries of paused strategies, signals kept from live Brokers, instances at fault."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should read; the service logs it."""

    kind: str
    """`strategy_fault`, `strategy_problem`."""
    strategy: str
    instrument_token: int | None
    message: str


class _State(msgspec.Struct, frozen=True, kw_only=True):
    brokers: dict[str, BrokerConfigured]
    strategies: list[EnlistedState]


class StrategyRunnerProcessor(Processor):
    """Strategies at work on one share of the instruments.

    Args:
        instruments: every instrument that may be traded.
        calendar: the sessions of the exchange.
        share: the partitions of this task.
        own: the only strategy of this runner; None for the pool.
    """

    def __init__(
        self, instruments: InstrumentTable, calendar: SessionCalendar, share: Share, own: str | None = None
    ) -> None:
        self._calendar = calendar
        self._own = own
        self._roster = Roster(instruments, share, own)
        self._brokers: dict[str, BrokerConfigured] = {}
        self._live: frozenset[str] = frozenset()
        self._notices: list[Notice] = []
        self.counts: Counter[str] = Counter()

    @property
    def brokers(self) -> tuple[str, ...]:
        """The Brokers that this task may write to: each of them is owed a marker for each epoch."""
        if self._own is None:
            return tuple(sorted(self._brokers))
        strategy = self._roster.get(self._own)
        return () if strategy is None else tuple(sorted(self._reachable(strategy)))

    def on_event(self, event: AnyEvent, topic: Topic) -> Iterable[AnyEvent]:
        """The signals that follow from a tick or a bar; control changes are in force from the next event."""
        data = event.data
        if isinstance(data, Tick):
            listeners = self._roster.for_tick(data.instrument_token)
            return [signal for each in listeners for signal in self._tell_tick(event, data, each)]
        if isinstance(data, Bar):
            listeners = self._roster.for_bar(data.instrument_token, data.timeframe)
            return [signal for each in listeners for signal in self._tell_bar(event, data, each)]
        if isinstance(data, StrategyConfigured):
            self._configure(data)
        elif isinstance(data, BrokerConfigured):
            self._configure_broker(data)
        else:
            raise RefusedEventError(f"the strategy runner takes no {type(data).__name__} (from {topic.name})")
        return ()

    def warm(self, strategy: str, bars: Iterable[Bar]) -> None:
        """Show bars of the past, oldest first, to instances of `strategy` that have seen none of their own."""
        enlisted = self._roster.get(strategy)
        if enlisted is None:
            return
        fresh = {token for token, slot in enlisted.slots.items() if not any(slot.seen.values())}
        for bar in bars:
            if bar.instrument_token in fresh and bar.timeframe in enlisted.timeframes:
                listener = Listener(enlisted, enlisted.slots[bar.instrument_token])
                self._call(listener, partial(Slot.warm, bar=bar))

    def diagnostics(self) -> dict[str, int]:
        """Numbers for metrics: the counts since the start, and instances by how they are now."""
        slots = [slot for strategy in self._roster.strategies for slot in strategy.slots.values()]
        return {
            **{name: self.counts[name] for name in COUNTS},
            "instances": len(slots),
            "instances_warm": sum(slot.is_warm for slot in slots),
            "instances_at_fault": sum(slot.fault is not None for slot in slots),
            "strategies_with_problems": sum(bool(strategy.problems) for strategy in self._roster.strategies),
        }

    def report(self) -> dict[str, dict[str, Any]]:
        """By strategy: state, generation, instances, how many are warm, faults by instrument token, problems."""
        return {strategy.name: explain(strategy) for strategy in self._roster.strategies}

    def drain_notices(self) -> tuple[Notice, ...]:
        """What happened since the last call that a person should read."""
        notices, self._notices = tuple(self._notices), []
        return notices

    def snapshot(self) -> bytes:
        """Control state and every instance's own, as MessagePack: unlike JSON it keeps every float."""
        faults = self._faults()
        state = _State(brokers=dict(sorted(self._brokers.items())), strategies=self._roster.snapshot())
        self._report_new(faults)
        return msgspec.msgpack.encode(state)

    def restore(self, state: bytes) -> None:
        """Take over what `snapshot` wrote."""
        kept = msgspec.msgpack.decode(state, type=_State)
        self._brokers = {}
        for configured in kept.brokers.values():
            self._configure_broker(configured)
        self._roster.restore(kept.strategies)
        self._report_new({})

    def _configure(self, configured: StrategyConfigured) -> None:
        faults = self._faults()
        strategy = self._roster.configure(configured)
        for problem in strategy.problems if strategy is not None else ():
            self._notice("strategy_problem", configured.name, None, problem)
        self._report_new(faults)

    def _configure_broker(self, configured: BrokerConfigured) -> None:
        if configured.spec is None:
            self._brokers.pop(configured.name, None)
            self._live -= {configured.name}
            return
        try:
            live = BrokerSpec.model_validate(configured.spec).live
        except ValidationError as error:
            raise RefusedEventError(f"broker {configured.name}: {in_one_line(error, BrokerSpec)}") from error
        self._brokers[configured.name] = configured
        self._live = self._live | {configured.name} if live else self._live - {configured.name}

    def _reachable(self, strategy: Enlisted) -> tuple[str, ...]:
        paper = strategy.spec.mode is Mode.PAPER
        named = (name for name in strategy.spec.brokers if name in self._brokers)
        return tuple(name for name in named if not (paper and name in self._live))

    def _tell_tick(self, event: AnyEvent, tick: Tick, listener: Listener) -> Iterator[AnyEvent]:
        wishes = self._call(listener, lambda slot: slot.on_tick(tick, event.event_time)) or ()
        yield from self._raise(event, event.event_time, tick.price_paise, listener, wishes)

    def _tell_bar(self, event: AnyEvent, bar: Bar, listener: Listener) -> Iterator[AnyEvent]:
        wishes = self._call(listener, lambda slot: slot.on_bar(bar)) or ()
        if wishes:
            at = self._calendar.next_session_open(bar.end) if bar.last_of_session else bar.end
            yield from self._raise(event, at, bar.close_paise, listener, wishes)

    def _raise(
        self, cause: AnyEvent, at: datetime, price_paise: int, listener: Listener, wishes: tuple[Wish, ...]
    ) -> Iterator[Event[SignalRaised]]:
        strategy, slot = listener
        brokers = self._reachable(strategy)
        out_of_reach = sum(name in self._brokers for name in strategy.spec.brokers) - len(brokers)
        for n, wish in enumerate(wishes):
            if isinstance(wish, Enter) and strategy.spec.state is StrategyState.PAUSED:
                self.counts["entries_withheld"] += 1
                self._call(listener, partial(Slot.withhold, entry=wish))
                continue
            try:
                data = signal_data(strategy, slot.context, wish, price_paise, at)
            except ValueError as error:
                reason = str(error)
                self._call(listener, partial(Slot.fail, reason=reason))
                return
            self.counts["signals"] += len(brokers)
            self.counts["live_withheld"] += out_of_reach
            yield from signals(data, cause, at, n, brokers)

    def _call(self, listener: Listener, call: Callable[[Slot], Any]) -> Any:  # noqa: ANN401 — whatever the call gives
        """Call into a slot and report where that put it at fault."""
        strategy, slot = listener
        before = slot.fault
        result = call(slot)
        if slot.fault is not None and before is None:
            self._fault(strategy.name, slot)
        return result

    def _fault(self, strategy: str, slot: Slot) -> None:
        self.counts["faults"] += 1
        token = slot.context.instrument_token
        message = f"strategy {strategy} is paused on instrument {token}: {slot.fault}"
        self._notice("strategy_fault", strategy, token, message)

    def _faults(self) -> dict[tuple[str, int], str]:
        return {
            (strategy.name, token): slot.fault
            for strategy in self._roster.strategies
            for token, slot in strategy.slots.items()
            if slot.fault is not None
        }

    def _report_new(self, before: dict[tuple[str, int], str]) -> None:
        for strategy in self._roster.strategies:
            for token, slot in sorted(strategy.slots.items()):
                if slot.fault is not None and (strategy.name, token) not in before:
                    self._fault(strategy.name, slot)

    def _notice(self, kind: str, strategy: str, token: int | None, message: str) -> None:
        self._notices.append(Notice(kind=kind, strategy=strategy, instrument_token=token, message=message))
