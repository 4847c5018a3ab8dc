"""What the resources say at present: the Broker's terms and each Strategy's, read when first asked for."""

from __future__ import annotations

from collections.abc import Iterator

from alpha_panda.domain.limits import StrategyTerms
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured
from alpha_panda.risk_manager.state import RiskState
from alpha_panda.risk_manager.strategy_terms import read_strategy
from alpha_panda.risk_manager.terms import BrokerTerms, read_broker, unknown_broker


class Book:
    """The terms of one Broker and of all Strategies; the resources themselves are in the state."""

    def __init__(self, name: str, state: RiskState) -> None:
        """`state` may hold resources already."""
        self._name = name
        self._state = state
        self._strategies: dict[str, StrategyTerms] = {}
        self._limited: dict[str, int] | None = None
        self.changes = 0
        """How often a resource changed; what was made of them before is to be made anew."""
        self.broker: BrokerTerms | Refusal = unknown_broker(name)
        if state.configured:
            self.broker = read_broker(name, state.spec)

    @property
    def terms(self) -> BrokerTerms | None:
        """The Broker's, None where nothing may trade on it."""
        return self.broker if isinstance(self.broker, BrokerTerms) else None

    @property
    def trades_money(self) -> bool:
        """Whether the Broker is live."""
        return self.terms is not None and self.terms.live

    def configure(self, data: BrokerConfigured | StrategyConfigured) -> None:
        """Take a changed resource over: the next signal is held to it."""
        self._limited = None
        self.changes += 1
        if isinstance(data, BrokerConfigured):
            self._state.spec, self._state.configured = data.spec, True
            self.broker = read_broker(self._name, data.spec)
            self._strategies.clear()
            return
        self._strategies.pop(data.name, None)
        if data.spec is None:
            self._state.strategies.pop(data.name, None)
        else:
            self._state.strategies[data.name] = data.spec

    def strategy(self, name: str) -> StrategyTerms | None:
        """The terms of a strategy on this Broker; None where there is no such Strategy."""
        spec = self._state.strategies.get(name)
        if spec is None:
            return None
        if name not in self._strategies:
            self._strategies[name] = read_strategy(spec, self._name, live=self.trades_money)
        return self._strategies[name]

    def loss_limits(self) -> dict[str, int]:
        """The strategies whose loss of a day is limited, and to how many paise."""
        if self._limited is None:
            self._limited = dict(self._read_loss_limits())
        return self._limited

    def _read_loss_limits(self) -> Iterator[tuple[str, int]]:
        for name in sorted(self._state.strategies):
            terms = self.strategy(name)
            if terms is not None and terms.max_daily_loss_paise is not None:
                yield name, terms.max_daily_loss_paise
