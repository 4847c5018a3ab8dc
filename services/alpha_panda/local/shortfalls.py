"""What resources ask for and this run cannot give, in sentences for the trader.

No rule forbids it, and nothing comes of it. The plan's own conflicts are about names; these are about what there is:
the instruments of this run's table, the days of the table of charges, and the limits of a strategy's Brokers. Silence
would look like a strategy that finds nothing to trade.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from alpha_panda.domain.charges import charges_table
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.resources.strategy import Levels
from alpha_panda.topology.claims import Holdings


@dataclass(frozen=True)
class Shortfall:
    """Something that a resource will not get."""

    uid: str
    """The resource's."""
    message: str

    def __str__(self) -> str:
        return self.message


def shortfalls(holdings: Holdings, table: InstrumentTable) -> tuple[Shortfall, ...]:
    """What the resources that are run will not get, sorted by what it says."""
    found = (*_unlisted(holdings, table), *_unrewarding(holdings), *_uncharged(holdings))
    return tuple(sorted(found, key=str))


def _unlisted(holdings: Holdings, table: InstrumentTable) -> Iterator[Shortfall]:
    for strategy in holdings.strategies:
        for reference in strategy.spec.instruments:
            if table.find(reference.exchange, reference.symbol) is None:
                message = f"names {reference}, which is not in {table.source}: it is not traded"
                yield Shortfall(strategy.uid, f"Strategy {strategy.name} {message}")


def _unrewarding(holdings: Holdings) -> Iterator[Shortfall]:
    """Levels that the Broker's least reward for a risk never lets through."""
    least = {broker.name: Fraction(broker.spec.account.min_reward_risk) for broker in holdings.brokers}
    for strategy in holdings.strategies:
        reward = _reward(strategy.spec.levels)
        for broker in strategy.brokers:
            if reward is not None and reward < least[broker]:
                aim = f"aims at {float(reward):g} times its risk (spec.levels)"
                limit = f"enters nothing below {float(least[broker]):g} (spec.account.minRewardRisk)"
                rest = "signals without levels of their own are refused"
                yield Shortfall(strategy.uid, f"Strategy {strategy.name} {aim}, and Broker {broker} {limit}: {rest}")


def _reward(levels: Levels) -> Fraction | None:
    """The target's distance in multiples of the stop's, where the levels say both."""
    if levels.stop_loss_percent is None:
        return None
    if levels.reward_risk is not None:
        return Fraction(levels.reward_risk)
    if levels.target_percent is None:
        return None
    return Fraction(levels.target_percent) / Fraction(levels.stop_loss_percent)


def _uncharged(holdings: Holdings) -> Iterator[Shortfall]:
    first = charges_table().days[0]
    for broker in holdings.brokers:
        as_of = broker.spec.paper.charges.as_of if broker.spec.paper is not None else None
        if as_of is not None and as_of < first:
            said = f"charges as on {as_of} (spec.paper.charges.asOf), and the table of charges begins on {first}"
            yield Shortfall(broker.uid, f"Broker {broker.name} {said}: every entry is refused")
