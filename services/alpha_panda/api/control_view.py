"""What people want, as `control.*` says it: kept in memory, fed by the service's consumer."""

from __future__ import annotations

import msgspec

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.domain.quarantine import Quarantine, Quarantines, note_quarantine
from alpha_panda.events.control import BrokerConfigured, HaltScope, StrategyConfigured, TradingHalted, TradingResumed
from alpha_panda.resources.broker import BrokerSpec
from alpha_panda.resources.strategy import StrategySpec


class BrokerView(msgspec.Struct, frozen=True, kw_only=True):
    """A Broker in force."""

    name: str
    generation: int
    spec: BrokerSpec


class StrategyView(msgspec.Struct, frozen=True, kw_only=True):
    """A Strategy in force."""

    name: str
    uid: str
    generation: int
    spec: StrategySpec


class ControlView:
    """Brokers, Strategies and halts as of the last control event that was applied."""

    def __init__(self) -> None:
        self._brokers: dict[str, BrokerView] = {}
        self._strategies: dict[str, StrategyView] = {}
        self._halts: dict[tuple[HaltScope, str], TradingHalted] = {}
        self._pressed: dict[tuple[HaltScope, str], TradingHalted] = {}
        self._quarantines: Quarantines = {}
        self.complete = False
        """Whether the control topics were read to their ends; until then, what is missing may just not be read yet."""

    @property
    def brokers(self) -> tuple[BrokerView, ...]:
        """All Brokers by name."""
        return tuple(self._brokers[name] for name in sorted(self._brokers))

    @property
    def strategies(self) -> tuple[StrategyView, ...]:
        """All Strategies by name."""
        return tuple(self._strategies[name] for name in sorted(self._strategies))

    def broker(self, name: str) -> BrokerView | None:
        """The Broker of this name."""
        return self._brokers.get(name)

    def strategy(self, name: str) -> StrategyView | None:
        """The Strategy of this name."""
        return self._strategies.get(name)

    def quarantine(self, view: StrategyView) -> Quarantine | None:
        """Why this Strategy is called no more."""
        return self._quarantines.get((view.name, view.uid, view.generation))

    def halts(self, broker: str) -> tuple[TradingHalted, ...]:
        """The halts that concern this Broker, the widest first: of all, its own, its strategies' and of instruments."""
        ranks = {scope: rank for rank, scope in enumerate(HaltScope)}
        found = [halt for halt in (self._pressed | self._halts).values() if self._concerns(halt, broker)]
        return tuple(sorted(found, key=lambda halt: (ranks[halt.scope], halt.subject)))

    def press(self, halt: TradingHalted) -> None:
        """A door of this process holds a halt: it is in force, whether or not the log has told of it yet."""
        self._pressed[halt.scope, halt.subject] = halt

    def release(self, scope: HaltScope, subject: str) -> None:
        """No door holds this halt any more; what the log said of it the log takes back."""
        self._pressed.pop((scope, subject), None)

    def _concerns(self, halt: TradingHalted, broker: str) -> bool:
        if halt.scope is HaltScope.BROKER:
            return halt.subject == broker
        strategy = self._strategies.get(halt.subject)
        return halt.scope is not HaltScope.STRATEGY or (strategy is not None and broker in strategy.spec.brokers)

    def apply(self, event: AnyEvent) -> None:
        """Take in a control event; others are none of the view's business.

        Raises:
            pydantic.ValidationError: a spec that is not one of its kind; the view stays as it was.
        """
        note_quarantine(self._quarantines, event)
        match event.data:
            case BrokerConfigured(name=name, spec=None):
                self._brokers.pop(name, None)
            case BrokerConfigured(name=name, spec=spec, generation=generation):
                read = BrokerSpec.model_validate(spec)
                self._brokers[name] = BrokerView(name=name, generation=generation, spec=read)
            case StrategyConfigured(name=name, spec=None):
                self._strategies.pop(name, None)
            case StrategyConfigured(name=name, uid=uid, spec=spec, generation=generation):
                wanted = StrategySpec.model_validate(spec)
                self._strategies[name] = StrategyView(name=name, uid=uid, generation=generation, spec=wanted)
            case TradingHalted(scope=scope, subject=subject) as halt:
                self._halts[scope, subject] = halt
                self.release(scope, subject)
            case TradingResumed(scope=scope, subject=subject):
                self._halts.pop((scope, subject), None)
                self.release(scope, subject)
