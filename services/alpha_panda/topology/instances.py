"""The rows of the table of services, each as often as it really runs, with its topics by full name."""

from __future__ import annotations

from dataclasses import dataclass

from alpha_panda.events.topics import Scope, Topic, dead_letter_topic
from alpha_panda.resources.broker import BrokerType
from alpha_panda.resources.strategy import StrategyState
from alpha_panda.topology.claims import HeldStrategy, Holdings
from alpha_panda.topology.graph import SERVICES, STRATEGY_RUNNER, Service
from alpha_panda.topology.names import broker_service, own_runner


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A service as it runs. `brokers` are those whose topics, keys and tables it touches."""

    name: str
    row: Service
    brokers: tuple[str, ...]
    sessions: tuple[str, ...] = ()
    """Brokers whose login at the exchange it uses."""
    broker: str | None = None
    strategy: str | None = None
    image: str | None = None

    def read_topics(self, prefix: str) -> tuple[str, ...]:
        """Full names of the topics that it consumes, sorted."""
        return self._names(self.row.reads, prefix)

    def written_topics(self, prefix: str) -> tuple[str, ...]:
        """Full names of the topics that it produces, sorted; dead letters apart."""
        return self._names(self.row.writes, prefix)

    def dead_letter_sources(self, prefix: str) -> tuple[str, ...]:
        """Full names of the topics whose dead letters it may write, sorted."""
        return self._names((*self.row.reads, *self.row.dead_letters), prefix)

    def dead_letter_topics(self, prefix: str) -> tuple[str, ...]:
        """Full names of its dead-letter topics, sorted."""
        sources = self.dead_letter_sources(prefix)
        return tuple(sorted(dead_letter_topic(source, self.broker, prefix) for source in sources))

    def _names(self, topics: tuple[Topic, ...], prefix: str) -> tuple[str, ...]:
        names = set()
        for topic in topics:
            if topic.scope is Scope.BROKER:
                names |= {topic.full_name(broker, prefix) for broker in self.brokers}
            else:
                names.add(topic.full_name(prefix=prefix))
        return tuple(sorted(names))


def instances(holdings: Holdings) -> tuple[Instance, ...]:
    """Every service that should run, sorted by name."""
    found: list[Instance] = []
    for row in SERVICES:
        served = tuple(broker.name for broker in holdings.brokers if broker.spec.type in row.brokers)
        if row.shared:
            sessions = tuple(b.name for b in holdings.brokers if row.sessions and b.spec.type is BrokerType.ZERODHA)
            found.append(Instance(name=row.name, row=row, brokers=served, sessions=sessions))
        else:
            found += [
                Instance(
                    name=broker_service(name, row.name),
                    row=row,
                    brokers=(name,),
                    broker=name,
                    sessions=(name,) if row.sessions else (),
                )
                for name in served
            ]
    found += [_own_runner(strategy) for strategy in holdings.strategies if runner_of(strategy) not in (None, POOL)]
    return tuple(sorted(found, key=lambda each: each.name))


POOL = STRATEGY_RUNNER.name
"""The runner of all strategies without an image of their own."""


def runner_of(strategy: HeldStrategy) -> str | None:
    """The service that runs the strategy; None while it is Stopped."""
    if strategy.spec.state is StrategyState.STOPPED:
        return None
    return POOL if strategy.spec.image is None else own_runner(POOL, strategy.name)


def _own_runner(strategy: HeldStrategy) -> Instance:
    """A runner that reaches only its strategy's Brokers, because its code is the trader's."""
    return Instance(
        name=own_runner(POOL, strategy.name),
        row=STRATEGY_RUNNER,
        brokers=strategy.brokers,
        strategy=strategy.name,
        image=strategy.spec.image,
    )
