"""The core of the strategy runner: bars and ticks to strategies, their wishes to Brokers.

Inputs are `market.ticks`, `market.bars`, `control.strategies`, `control.brokers` and `control.quarantine`;
outputs are `SignalRaised`, one for each Broker of the strategy that exists and that its mode may reach, and
`StrategyQuarantined`, where a strategy did what none may do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from pydantic import ValidationError

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.processor import AnyEvent, Processor, RefusedEventError
from alpha_panda.events.control import BrokerConfigured, QuarantineKind, StrategyConfigured, StrategyQuarantined
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.signals import SignalRaised
from alpha_panda.events.topics import TICKS, Topic
from alpha_panda.resources.broker import BrokerSpec
from alpha_panda.resources.problems import in_one_line
from alpha_panda.resources.strategy import Mode, StrategyState
from alpha_panda.strategy import Enter, Wish
from alpha_panda.strategy_runner.hoarders import condemn_hoarders
from alpha_panda.strategy_runner.notices import Notice
from alpha_panda.strategy_runner.past import Need, needs, show
from alpha_panda.strategy_runner.quarantine import Quarantines, Sentence, fact_event
from alpha_panda.strategy_runner.roster import Enlisted, EnlistedState, Listener, Roster, Share, counted, explain
from alpha_panda.strategy_runner.signals import signal_data, signals
from alpha_panda.strategy_runner.slots import Slot
from alpha_panda.strategy_runner.verdicts import Case, Party, Verdict, case_of, told_by, verdict
from alpha_panda.strategy_runner.warden import Warden
from alpha_panda.strategy_runner.watch import Limits, NoWatch

COUNTS = ("signals", "entries_withheld", "live_withheld", "faults")
"""What is counted: signals raised, entries of paused strategies, signals kept from live Brokers, verdicts."""


class _State(msgspec.Struct, frozen=True, kw_only=True):
    brokers: dict[str, BrokerConfigured]
    strategies: list[EnlistedState]
    sentences: list[Sentence] = []
    reached: int | None = None


class StrategyRunnerProcessor(Processor):
    """Strategies at work on one share of the instruments.

    Args:
        instruments: every instrument that may be traded.
        calendar: the sessions of the exchange.
        share: the partitions of this task.
        own: the only strategy of this runner; None for the pool.
        warden: through whom strategies are called; without one nobody watches them.
    """

    def __init__(
        self,
        instruments: InstrumentTable,
        calendar: SessionCalendar,
        share: Share,
        own: str | None = None,
        warden: Warden | None = None,
    ) -> None:
        self._calendar = calendar
        self._own = own
        self._warden = warden or Warden(Limits(), NoWatch(), {})
        self._quarantines = Quarantines()
        self._roster = Roster(instruments, calendar, share, self._warden, self._quarantines, own)
        self._untold = False
        self._brokers: dict[str, BrokerConfigured] = {}
        self._live: frozenset[str] = frozenset()
        self._notices: list[Notice] = []
        self.counts: Counter[str] = Counter()
        self.changes = 0
        """Of strategies; while it is the same, so is what `needs` says of those that are new."""

    @property
    def brokers(self) -> tuple[str, ...]:
        """The Brokers that this task may write to: each of them is owed a marker for each epoch."""
        if self._own is None:
            return tuple(sorted(self._brokers))
        strategy = self._roster.get(self._own)
        return () if strategy is None else tuple(sorted(self._reachable(strategy)))

    def needs_every(self, topic: Topic) -> bool:
        """Ticks only where a strategy listens to them; what nobody hears is read for its time alone."""
        return topic is not TICKS or self._roster.listens_to_ticks

    def on_event(self, event: AnyEvent, topic: Topic) -> Iterable[AnyEvent]:
        """What follows from a tick or a bar; control changes are in force from the next event."""
        data = event.data
        self._warden.about(event.id)
        if isinstance(data, Tick | Bar):
            if self._quarantines.reach(event.epoch):
                self._roster.enforce_quarantines()
            if isinstance(data, Tick):
                listeners = () if data.filled_in is True else self._roster.for_tick(data.instrument_token)
                return [each for listener in listeners for each in self._tell_tick(event, data, listener)]
            listeners = self._roster.for_bar(data.instrument_token, data.timeframe)
            heard = ((listener, listener.slot.on_bar(data)) for listener in listeners)
            return [each for listener, wishes in heard for each in self._follow(event, data, listener, wishes)]
        if isinstance(data, StrategyConfigured):
            self._configure(data)
        elif isinstance(data, StrategyQuarantined):
            self._quarantines.learn(data, event.epoch)
            self._roster.enforce_quarantines()
        elif isinstance(data, BrokerConfigured):
            self._configure_broker(data)
        else:
            raise RefusedEventError(f"the strategy runner takes no {type(data).__name__} (from {topic.name})")
        return ()

    @property
    def needs(self) -> tuple[Need, ...]:
        """The bars of the past that instances lack which have seen none."""
        return needs(self._roster.strategies)

    def warm(self, strategy: str, bars: Iterable[Bar]) -> None:
        """Show bars of the past, oldest first, to instances of `strategy` that have seen none."""
        self._warden.about(None)
        show(self._roster.get(strategy), bars)
        self._untold = True

    def on_watermark(self, watermark: datetime) -> Iterable[AnyEvent]:
        """The facts of verdicts that no tick or bar was the cause of."""
        if not self._untold:
            return ()
        self._untold = False
        facts: list[AnyEvent] = []
        for strategy in self._roster.strategies:
            if strategy.verdict is not None and not strategy.told:
                strategy.told = True
                facts.append(self._fact(strategy.party, strategy.verdict, watermark, None))
            for _, slot in sorted(strategy.slots.items()):
                if slot.verdict is not None and not slot.told:
                    slot.told = True
                    facts.append(self._fact(slot.party, slot.verdict, watermark, None))
        return facts

    def recall(self, event: AnyEvent, topic: Topic) -> None:
        """A fact on the log stands: its call is not made again."""
        _ = topic
        if isinstance(event.data, StrategyQuarantined):
            case = case_of(event.data, event.causation_id)
            self._warden.docket[case] = told_by(event.data, event.causation_id)

    def diagnostics(self) -> dict[str, int]:
        """Numbers for metrics: the counts since the start, and instances by how they are now."""
        slots = [slot for each in self._roster.strategies for slot in each.slots.values()]
        return {name: self.counts[name] for name in COUNTS} | {
            "instances": len(slots),
            "instances_warm": sum(slot.is_warm for slot in slots),
            "instances_at_fault": sum(slot.verdict is not None for slot in slots),
            "strategies_quarantined": sum(each.quarantine is not None for each in self._roster.strategies),
            "strategies_with_problems": sum(bool(each.problems) for each in self._roster.strategies),
        }

    def by_strategy(self) -> dict[str, dict[str, int]]:
        """How many instances each strategy has, how many of them are warm, and whether it is quarantined."""
        return {strategy.name: counted(strategy) for strategy in self._roster.strategies}

    def report(self) -> dict[str, dict[str, Any]]:
        """By strategy: state, generation, instances, how many are warm, faults by instrument token, problems."""
        return {strategy.name: explain(strategy) for strategy in self._roster.strategies}

    def drain_notices(self) -> tuple[Notice, ...]:
        """What happened since the last call that a person should read."""
        notices, self._notices = tuple(self._notices), []
        return notices

    def snapshot(self) -> bytes:
        """Control state and every instance's own, as MessagePack: unlike JSON it keeps every float."""
        self._warden.about(None)
        strategies = self._roster.snapshot()
        if condemn_hoarders(self._roster.strategies, self._warden):
            strategies = self._roster.snapshot()
        self._untold = True
        state = _State(
            brokers=dict(sorted(self._brokers.items())),
            strategies=strategies,
            sentences=self._quarantines.snapshot(),
            reached=self._quarantines.reached,
        )
        return msgspec.msgpack.encode(state)

    def restore(self, state: bytes) -> None:
        """Take over what `snapshot` wrote."""
        kept = msgspec.msgpack.decode(state, type=_State)
        self._brokers = {}
        for configured in kept.brokers.values():
            self._configure_broker(configured)
        self._warden.about(None)
        self._quarantines.restore(kept.sentences, kept.reached)
        self._roster.restore(kept.strategies)
        self._untold = True

    def _configure(self, configured: StrategyConfigured) -> None:
        strategy = self._roster.configure(configured)
        self._quarantines.superseded(configured)
        self.changes += 1
        for problem in strategy.problems if strategy is not None else ():
            self._notice("strategy_problem", configured.name, None, problem)
        self._untold = True

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
        slot = listener.slot
        wishes = slot.on_tick(tick, event.event_time)
        if wishes:
            yield from self._raise(event, event.event_time, tick.price_paise, listener, wishes)
        if slot.verdict is not None:
            yield from self._judge(event, slot)

    def _follow(self, event: AnyEvent, bar: Bar, listener: Listener, wishes: tuple[Wish, ...]) -> Iterator[AnyEvent]:
        """What follows from the wishes that an instance has after a bar."""
        slot = listener.slot
        if wishes:
            at = self._calendar.next_session_open(bar.end) if bar.last_of_session else bar.end
            yield from self._raise(event, at, bar.close_paise, listener, wishes)
        if slot.verdict is not None:
            yield from self._judge(event, slot)

    def _raise(
        self, cause: AnyEvent, at: datetime, price_paise: int, listener: Listener, wishes: tuple[Wish, ...]
    ) -> Iterator[Event[SignalRaised]]:
        """All wishes of a call as signals, or none where one of them makes no sense."""
        strategy, slot = listener
        paused = strategy.spec.state is StrategyState.PAUSED
        passed: list[tuple[int, SignalRaised]] = []
        for n, wish in enumerate(wishes):
            if paused and isinstance(wish, Enter):
                self.counts["entries_withheld"] += 1
                slot.withhold(wish)
                continue
            try:
                passed.append((n, signal_data(strategy, slot.context, wish, price_paise, at)))
            except ValueError as error:
                case = Case(slot.party, "on_tick" if isinstance(cause.data, Tick) else "on_bar", cause.id)
                slot.fail(verdict(case, QuarantineKind.NONSENSE, str(error), f"returned by {case.call}"))
                return
        brokers = self._reachable(strategy)
        out_of_reach = sum(name in self._brokers for name in strategy.spec.brokers) - len(brokers)
        for n, data in passed:
            self.counts["signals"] += len(brokers)
            self.counts["live_withheld"] += out_of_reach
            yield from signals(data, cause, at, n, brokers)

    def _judge(self, cause: AnyEvent, slot: Slot) -> Iterator[AnyEvent]:
        """The fact, where the verdict is on a call about this very event; others wait for the watermark."""
        if slot.verdict is None or slot.told or slot.verdict.cause != cause.id:
            return
        slot.told = True
        yield self._fact(slot.party, slot.verdict, cause.event_time, cause)
        self._roster.enforce_quarantines()

    def _fact(self, party: Party, found: Verdict, at: datetime, cause: AnyEvent | None) -> Event[StrategyQuarantined]:
        """The fact, which this task knows at once if it is sure of the epoch; else it reads it like the others."""
        fact = fact_event(party, found, at, cause)
        if cause is not None or self._quarantines.reached is None:
            self._quarantines.learn(fact.data, fact.epoch)
        self.counts["faults"] += 1
        where = "" if party.instrument_token is None else f" on instrument {party.instrument_token}"
        message = f"strategy {party.strategy} is quarantined: {found.kind} in {found.call}{where}: {found.reason}"
        self._notice("strategy_quarantined", party.strategy, party.instrument_token, message, found.evidence)
        return fact

    def _notice(self, kind: str, strategy: str, token: int | None, message: str, evidence: str = "") -> None:
        self._notices.append(
            Notice(kind=kind, strategy=strategy, instrument_token=token, message=message, evidence=evidence)
        )
