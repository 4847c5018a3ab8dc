"""What a resource asks for and cannot have, as reasons and sentences for the trader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.errors import InputError, PandaError
from alpha_panda.events.market import Timeframe
from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import StrategySpec
from alpha_panda.strategy.loading import find_strategy, load_strategy
from alpha_panda.topology.model import Conflict
from alpha_panda_operator.decisions.observed import Trouble

_REASONS: Final = {
    "Invalid": Reason.INVALID,
    "NameTaken": Reason.NAME_TAKEN,
    "UnknownBroker": Reason.UNKNOWN_BROKER,
    "LiveBroker": Reason.LIVE_BROKER,
    "NoBroker": Reason.NO_BROKER,
}


def refusals(stored: StoredResource, conflicts: Iterable[Conflict], table: InstrumentTable) -> tuple[Trouble, ...]:
    """All of them: conflicts of the plan, then the strategy's name and parameters, then instruments nobody knows."""
    found = [
        Trouble(reason=_REASONS[each.reason], message=each.message) for each in conflicts if each.uid == stored.uid
    ]
    if isinstance(stored.spec, StrategySpec):
        found += _code(stored.spec)
        found += _instruments(stored.spec, table)
    return tuple(found)


def _code(spec: StrategySpec) -> list[Trouble]:
    """A strategy that comes with an image, or with a package of its own, is known to its runner alone."""
    if spec.image is not None or ":" in spec.strategy:
        return []
    try:
        find_strategy(spec.strategy)
    except InputError as error:
        return [Trouble(reason=Reason.UNKNOWN_STRATEGY, message=_said(error))]
    try:
        load_strategy(spec.strategy, spec.params, [Timeframe(each.value) for each in spec.timeframes])
    except PandaError as error:
        return [Trouble(reason=Reason.WRONG_PARAMETERS, message=_said(error))]
    return []


def _instruments(spec: StrategySpec, table: InstrumentTable) -> list[Trouble]:
    unknown = [str(each) for each in spec.instruments if table.find(each.exchange, each.symbol) is None]
    if not unknown:
        return []
    message = f"{', '.join(sorted(unknown))}: not in {table.source}; put it there (data.instruments) or remove it"
    return [Trouble(reason=Reason.UNKNOWN_INSTRUMENT, message=message)]


def _said(error: PandaError) -> str:
    return f"{error}; {error.remedy}" if error.remedy else str(error)
