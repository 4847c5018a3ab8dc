"""Which instruments a live market is followed for: those of all Strategies that are not stopped. Pure."""

from __future__ import annotations

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import StrategyConfigured
from alpha_panda.resources.strategy import StrategyState


class WantedInstruments:
    """What each Strategy names, as EXCHANGE:SYMBOL."""

    def __init__(self) -> None:
        """No Strategy is known."""
        self._named: dict[str, frozenset[str]] = {}

    @property
    def names(self) -> frozenset[str]:
        """All names together."""
        return frozenset().union(*self._named.values())

    def saw_control(self, event: AnyEvent) -> None:
        """A Strategy was made, changed or deleted; other events say nothing here."""
        change = event.data
        if not isinstance(change, StrategyConfigured):
            return
        spec = change.spec
        if spec is None or spec.get("state") == StrategyState.STOPPED.value:
            self._named.pop(change.name, None)
        else:
            self._named[change.name] = frozenset(f"{each['exchange']}:{each['symbol']}" for each in spec["instruments"])
