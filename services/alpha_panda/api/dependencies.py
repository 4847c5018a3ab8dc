"""What the API is made from; the composition root gives it, nothing is global."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException

from alpha_panda.api.cache import PortfolioCache
from alpha_panda.api.control_view import BrokerView, ControlView, StrategyView
from alpha_panda.api.queries import Queries
from alpha_panda.domain.instrument_table import InstrumentTable


class Dependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Views, stores and the token."""

    control: ControlView
    cache: PortfolioCache
    queries: Queries
    instruments: InstrumentTable
    registry: CollectorRegistry
    token: str

    def require_broker(self, name: str) -> BrokerView:
        """The Broker of this name; raises HTTPException (404)."""
        found = self.control.broker(name)
        if found is None:
            known = ", ".join(each.name for each in self.control.brokers) or "none"
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no broker {name!r}; known: {known}")
        return found

    def require_strategy(self, name: str) -> StrategyView:
        """The Strategy of this name; raises HTTPException (404)."""
        found = self.control.strategy(name)
        if found is None:
            known = ", ".join(each.name for each in self.control.strategies) or "none"
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no strategy {name!r}; known: {known}")
        return found

    def brokers_asked(self, broker: str | None) -> list[str]:
        """The one Broker that was asked for, or all."""
        if broker is not None:
            return [self.require_broker(broker).name]
        return [each.name for each in self.control.brokers]

    def token_asked(self, instrument: str | None) -> int | None:
        """The token of `EXCHANGE:SYMBOL`; raises HTTPException (422) where the table has none."""
        if instrument is None:
            return None
        exchange, _, symbol = instrument.partition(":")
        found = self.instruments.find(exchange, symbol)
        if found is None:
            detail = f"query.instrument: {instrument!r} is not in the instrument table; write EXCHANGE:SYMBOL"
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        return found.token

    def instrument_name(self, token: int) -> str | None:
        """`EXCHANGE:SYMBOL` of a token."""
        found = self.instruments.get(token)
        return None if found is None else found.name
