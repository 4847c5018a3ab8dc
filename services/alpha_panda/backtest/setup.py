"""What a backtest runs: the resources, told to the cores in the shape in which the services are told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.errors import InputError
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import event_id
from alpha_panda.resources.broker import Broker, BrokerMetadata, BrokerSpec, BrokerType
from alpha_panda.resources.strategy import Mode, Strategy

_TOLD_AT: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any market data; nothing that trades depends on it."""
_UID: Final = "backtest"


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """The resources of a run; every Broker is a Paper one, and every Strategy trades on some of them."""

    brokers: tuple[Broker, ...]
    strategies: tuple[Strategy, ...]
    notes: tuple[str, ...] = ()
    """What was taken otherwise than it was given, for the person who gave it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the Brokers."""
        return tuple(each.metadata.name for each in self.brokers)

    def configured(self) -> tuple[AnyEvent, ...]:
        """The control events of all resources, Brokers first."""
        return tuple(map(_event, self.brokers)) + tuple(map(_event, self.strategies))


def make_setup(
    resources: Sequence[Broker | Strategy], *, broker: Broker | None = None, capital: str | None = None
) -> Setup:
    """The run that these resources describe.

    With `broker` every Strategy trades on that one alone, also a Live one: a backtest moves no money. `capital`,
    in rupees, is what each account begins with instead of its own `startingCash`.

    Raises:
        InputError: there is no Strategy, or none that trades on a Paper Broker.
    """
    strategies = [each for each in resources if isinstance(each, Strategy)]
    if not strategies:
        raise InputError("no Strategy is given", remedy="name a file with one: panda backtest -f strategy.yaml")
    notes: list[str] = []
    if broker is not None:
        _require_paper(broker)
        brokers = [broker]
        strategies = [_moved(each, broker.metadata.name) for each in strategies]
    else:
        brokers, notes = _brokers_of(strategies, [each for each in resources if isinstance(each, Broker)])
    if capital is not None:
        brokers = [_with_capital(each, capital) for each in brokers]
    return Setup(brokers=tuple(brokers), strategies=tuple(strategies), notes=tuple(notes))


def with_params(setup: Setup, values: dict[str, Any]) -> Setup:
    """The same run with other parameters: `name` for every Strategy, `strategy.name` for one.

    Their classes check the values when they are loaded.

    Raises:
        InputError: there is no such Strategy.
    """
    known = {each.metadata.name: each for each in setup.strategies}
    for key, value in values.items():
        strategy, dot, param = key.rpartition(".")
        if dot and strategy not in known:
            raise InputError(f"{key}: there is no Strategy {strategy}", remedy=f"there are: {', '.join(known)}")
        for name in [strategy] if dot else known:
            spec = known[name].spec
            changed = spec.model_copy(update={"params": {**spec.params, param: value}})
            known[name] = known[name].model_copy(update={"spec": changed})
    return msgspec.structs.replace(setup, strategies=tuple(known.values()))


def _brokers_of(strategies: list[Strategy], given: list[Broker]) -> tuple[list[Broker], list[str]]:
    notes = []
    known = {each.metadata.name: each for each in given}
    used: dict[str, Broker] = {}
    for name in dict.fromkeys(name for each in strategies for name in each.spec.brokers):
        found = known.get(name)
        if found is None and given:
            notes.append(f"Broker {name} is not among the resources and is left out, as a platform without it does")
            continue
        if found is None:
            notes.append(f"Broker {name} is not given: it is simulated with a Paper Broker's defaults")
            found = Broker(metadata=BrokerMetadata(name=name), spec=BrokerSpec(type=BrokerType.PAPER))
        if found.spec.type is not BrokerType.PAPER:
            notes.append(f"Broker {name} is no Paper Broker and is left out; --broker FILE gives one to trade on")
            continue
        used[name] = found
    if not used:
        raise InputError(
            "no strategy trades on a Paper Broker",
            remedy="give one with --broker FILE: all strategies then trade on it",
        )
    return [used[name] for name in sorted(used)], notes


def _require_paper(broker: Broker) -> None:
    if broker.spec.type is not BrokerType.PAPER:
        raise InputError(
            f"Broker {broker.metadata.name} is of type {broker.spec.type}, and a backtest fills on paper",
            remedy="give --broker the file of a Broker of type Paper",
        )


def _moved(strategy: Strategy, broker: str) -> Strategy:
    spec = strategy.spec.model_copy(update={"brokers": (broker,), "mode": Mode.PAPER})
    return strategy.model_copy(update={"spec": spec})


def _with_capital(broker: Broker, capital: str) -> Broker:
    paper = broker.spec.paper_settings().model_copy(update={"starting_cash": capital})
    return broker.model_copy(update={"spec": broker.spec.model_copy(update={"paper": paper})})


def _event(resource: Broker | Strategy) -> AnyEvent:
    name = resource.metadata.name
    spec = resource.spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    shape = BrokerConfigured if isinstance(resource, Broker) else StrategyConfigured
    identity = event_id(_TOLD_AT, "control", resource.kind, name, _UID, 1)
    return Event(
        id=identity,
        event_time=_TOLD_AT,
        data=shape(name=name, uid=_UID, generation=1, spec=spec),
        key=name,
        correlation_id=identity,
    )
