"""What resources ask for and this run cannot give, in sentences for the trader.

No plan forbids it, and nothing comes of it.

The plan's own conflicts are about names; these are about what there is: services of this release and the
instruments of this run's table. Silence would look like a strategy that finds nothing to trade.
"""

from __future__ import annotations

from collections.abc import Iterable

from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import StrategySpec
from alpha_panda.topology.model import Plan


def shortfalls(wanted: Plan, resources: Iterable[StoredResource], table: InstrumentTable) -> tuple[str, ...]:
    """A sentence each, sorted: Brokers that no service trades on, and instruments that are not in the table."""
    return (*_untraded(wanted), *sorted(_unlisted(wanted, resources, table)))


def _untraded(wanted: Plan) -> list[str]:
    traded = {service.broker for service in wanted.services if service.service.endswith("-trading")}
    return [
        f"Broker {broker.name} is of type {broker.type}, for which this release has no trading service: "
        "its signals are checked and sent nowhere"
        for broker in wanted.brokers
        if broker.name not in traded
    ]


def _unlisted(wanted: Plan, resources: Iterable[StoredResource], table: InstrumentTable) -> list[str]:
    held = {strategy.uid for strategy in wanted.strategies}
    return [
        f"Strategy {stored.name} names {reference}, which is not in {table.source}: it is not traded"
        for stored in resources
        if stored.uid in held and isinstance(stored.spec, StrategySpec)
        for reference in stored.spec.instruments
        if table.find(reference.exchange, reference.symbol) is None
    ]
