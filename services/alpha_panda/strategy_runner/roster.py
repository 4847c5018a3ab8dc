"""Which strategies are in force and who is given which bars: it changes with `control.strategies` only."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from pydantic import ValidationError

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.processor import RefusedEventError
from alpha_panda.errors import InputError
from alpha_panda.events.control import StrategyConfigured, StrategyQuarantined
from alpha_panda.events.ids import partition_of
from alpha_panda.events.market import Timeframe
from alpha_panda.resources.problems import in_one_line
from alpha_panda.resources.strategy import StrategyProduct, StrategySpec, StrategyState
from alpha_panda.strategy import Context, LoadedStrategy, load_strategy
from alpha_panda.strategy_runner.closing import Closing
from alpha_panda.strategy_runner.quarantine import Quarantines
from alpha_panda.strategy_runner.slots import Slot, SlotState
from alpha_panda.strategy_runner.verdicts import Party, Verdict
from alpha_panda.strategy_runner.warden import Warden


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The part of all instruments that a task has: some of `count` partitions."""

    partitions: frozenset[int]
    count: int

    def has(self, instrument_token: int) -> bool:
        """Whether the instrument is in one of the partitions."""
        return partition_of(instrument_token, self.count) in self.partitions


class Enlisted:
    """A strategy in force: what was asked, its slots by instrument token, and what is wrong with it."""

    def __init__(self, configured: StrategyConfigured, spec: StrategySpec) -> None:
        self.configured = configured
        self.spec = spec
        self.timeframes = tuple(Timeframe(each.value) for each in spec.timeframes)
        self.problems: list[str] = []
        self.slots: dict[int, Slot] = {}
        self.party = Party(strategy=configured.name, uid=configured.uid, generation=configured.generation)
        self.quarantine: StrategyQuarantined | None = None
        """The fact by which no instance of it exists."""
        self.verdict: Verdict | None = None
        """Of loading it, before there is any instance."""
        self.told = False
        """Whether that has become a fact."""

    @property
    def name(self) -> str:
        """The strategy's id."""
        return self.configured.name

    def same_code(self, other: Enlisted) -> bool:
        """Whether instances of the other would behave as those of this one."""
        return (self.configured.uid, self.spec.strategy, self.spec.params, self.timeframes) == (
            other.configured.uid,
            other.spec.strategy,
            other.spec.params,
            other.timeframes,
        )


class Listener(NamedTuple):
    """Who is given an event: an instance, and the strategy that it belongs to."""

    strategy: Enlisted
    slot: Slot


class EnlistedState(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot keeps of a strategy."""

    configured: StrategyConfigured
    slots: dict[int, SlotState]
    verdict: Verdict | None = None
    told: bool = False


class Roster:
    """The strategies of one task, in order of name wherever the order shows.

    With `own`, it is the roster of a runner for that strategy alone; without, of the pool, which leaves
    strategies with an image of their own to their runners.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a roster knows of, put together in one place
        self,
        instruments: InstrumentTable,
        calendar: SessionCalendar,
        share: Share,
        warden: Warden,
        quarantines: Quarantines,
        own: str | None = None,
    ) -> None:
        """Start with no strategy; one that `quarantines` names gets no instances."""
        self._instruments = instruments
        self._calendar = calendar
        self._share = share
        self._own = own
        self._warden = warden
        self._quarantines = quarantines
        self._strategies: dict[str, Enlisted] = {}
        self._by_bar: dict[tuple[int, Timeframe], list[Listener]] = {}
        self._by_tick: dict[int, list[Listener]] = {}

    @property
    def strategies(self) -> tuple[Enlisted, ...]:
        """All strategies in force."""
        return tuple(self._strategies[name] for name in sorted(self._strategies))

    def get(self, name: str) -> Enlisted | None:
        """The strategy of this name, if it is in force here."""
        return self._strategies.get(name)

    def for_bar(self, instrument_token: int, timeframe: Timeframe) -> list[Listener]:
        """Who is given bars of this instrument and timeframe."""
        return self._by_bar.get((instrument_token, timeframe), [])

    def for_tick(self, instrument_token: int) -> list[Listener]:
        """Who is given ticks of this instrument."""
        return self._by_tick.get(instrument_token, [])

    @property
    def by_bar(self) -> Mapping[tuple[int, Timeframe], Sequence[Listener]]:
        """Who is given bars, by instrument and timeframe."""
        return self._by_bar

    @property
    def listens_to_ticks(self) -> bool:
        """Whether anybody is given ticks."""
        return bool(self._by_tick)

    def configure(self, configured: StrategyConfigured) -> Enlisted | None:
        """Put a new state of a strategy in force; None where it is gone or not run here.

        Instances are kept where class, parameters and timeframes are the same and there is no verdict on
        them. Others start without memory and warm up from the bars to come (or those that `warm` is given).

        Raises:
            RefusedEventError: the spec is not one of a Strategy.
        """
        new = self._read(configured)
        old = self._strategies.pop(configured.name, None)
        if new is not None:
            self._strategies[new.name] = new
            self._fill(new, old.slots if old is not None and new.same_code(old) else {}, {})
        self._route()
        return new

    def enforce_quarantines(self) -> list[Enlisted]:
        """Drop all instances of the strategies that are quarantined by now; those that were not before."""
        struck = []
        for strategy in self.strategies:
            fact = self._quarantines.on(strategy.configured)
            if fact is not None and strategy.quarantine is None:
                strategy.quarantine = fact
                strategy.slots = {}
                struck.append(strategy)
        if struck:
            self._route()
            gc.collect()
        return struck

    def _read(self, configured: StrategyConfigured) -> Enlisted | None:
        if configured.spec is None:
            return None
        try:
            spec = StrategySpec.model_validate(configured.spec)
        except ValidationError as error:
            raise RefusedEventError(f"strategy {configured.name}: {in_one_line(error, StrategySpec)}") from error
        here = spec.image is None if self._own is None else configured.name == self._own
        return Enlisted(configured, spec) if here else None

    def _fill(self, strategy: Enlisted, kept: dict[int, Slot], states: dict[int, SlotState]) -> None:
        strategy.quarantine = self._quarantines.on(strategy.configured)
        if strategy.spec.state is StrategyState.STOPPED or strategy.quarantine is not None:
            return
        loaded = self._load(strategy)
        if loaded is None:
            return
        for reference in strategy.spec.instruments:
            listed = self._instruments.find(reference.exchange, reference.symbol)
            if listed is None:
                strategy.problems.append(
                    f"instrument {reference} is not one of {self._instruments.source}: it is not traded"
                )
            elif self._share.has(listed.token):
                party = msgspec.structs.replace(strategy.party, instrument_token=listed.token)
                slot = kept.get(listed.token)
                if slot is None or slot.verdict is not None:
                    slot = self._slot(strategy, loaded, listed, party, states.get(listed.token))
                slot.party = party
                intraday = strategy.spec.product is StrategyProduct.MIS
                slot.closes(Closing(self._calendar, listed) if intraday else None)
                strategy.slots[listed.token] = slot

    def _load(self, strategy: Enlisted) -> LoadedStrategy | None:
        """The strategy's class, whose import is a call into a trader's code, too."""
        if strategy.verdict is not None:
            return None

        def load() -> LoadedStrategy | InputError:
            try:
                return load_strategy(strategy.spec.strategy, strategy.spec.params, strategy.timeframes)
            except InputError as error:
                return error

        loaded, strategy.verdict = self._warden.call(strategy.party, "load", load)
        if isinstance(loaded, InputError):
            strategy.problems.append(str(loaded))
            return None
        return loaded if isinstance(loaded, LoadedStrategy) else None

    def _slot(
        self, strategy: Enlisted, loaded: LoadedStrategy, listed: Instrument, party: Party, kept: SlotState | None
    ) -> Slot:
        context = Context(
            strategy=strategy.name,
            instrument_token=listed.token,
            tick_size_paise=listed.tick_size_paise,
            timeframes=strategy.timeframes,
        )
        return Slot(loaded, context, party, self._warden, kept)

    def _route(self) -> None:
        self._by_bar, self._by_tick = {}, {}
        for strategy in self.strategies:
            for token, slot in sorted(strategy.slots.items()):
                for timeframe in strategy.timeframes:
                    self._by_bar.setdefault((token, timeframe), []).append(Listener(strategy, slot))
                if slot.ticks:
                    self._by_tick.setdefault(token, []).append(Listener(strategy, slot))

    def snapshot(self) -> list[EnlistedState]:
        """Every strategy with its slots."""
        return [
            EnlistedState(
                configured=strategy.configured,
                slots={token: slot.snapshot() for token, slot in sorted(strategy.slots.items())},
                verdict=strategy.verdict,
                told=strategy.told,
            )
            for strategy in self.strategies
        ]

    def restore(self, states: list[EnlistedState]) -> None:
        """Take over what `snapshot` gave."""
        self._strategies = {}
        for state in states:
            strategy = self._read(state.configured)
            if strategy is not None:
                strategy.verdict, strategy.told = state.verdict, state.told
                self._strategies[strategy.name] = strategy
                self._fill(strategy, {}, state.slots)
        self._route()


def explain(strategy: Enlisted) -> dict[str, Any]:
    """A strategy for the eyes of people and metrics."""
    verdicts = [(token, slot.verdict) for token, slot in sorted(strategy.slots.items())]
    faults = {token: each.reason for token, each in verdicts if each is not None}
    return {
        "state": strategy.spec.state.value,
        "generation": strategy.configured.generation,
        "instances": len(strategy.slots),
        "warm": sum(slot.is_warm for slot in strategy.slots.values()),
        "faults": faults,
        "quarantine": None if strategy.quarantine is None else strategy.quarantine.reason,
        "problems": list(strategy.problems),
    }


def counted(strategy: Enlisted) -> dict[str, int]:
    """The numbers of it that metrics show."""
    return {
        "instances": len(strategy.slots),
        "instances_warm": sum(slot.is_warm for slot in strategy.slots.values()),
        "quarantined": int(strategy.quarantine is not None),
    }
