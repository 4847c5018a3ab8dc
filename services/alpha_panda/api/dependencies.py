"""What the API is made from; the composition root gives it, nothing is global."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException

from alpha_panda.api.cache import PortfolioCache
from alpha_panda.api.control_view import BrokerView, ControlView, StrategyView
from alpha_panda.api.desk import Desk
from alpha_panda.api.machine import Machine
from alpha_panda.api.queries import Queries
from alpha_panda.api.realtime.hub import Hub
from alpha_panda.api.security.accounts import User
from alpha_panda.api.security.approvals import Approvals
from alpha_panda.api.security.doorkeeper import Doorkeeper
from alpha_panda.api.security.errors import NotAllowedError
from alpha_panda.api.security.limits import Limits
from alpha_panda.api.security.principal import Principal
from alpha_panda.api.security.second_factor import STEP_UP_LASTS
from alpha_panda.api.security.sessions import Sessions
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.events.audit import Action
from alpha_panda.events.control import HaltScope
from alpha_panda.runtime.alert_store import AlertStore
from alpha_panda.runtime.api_settings import ApiSettings


def wall_clock() -> datetime:
    """The time now, aware UTC."""
    return datetime.now(UTC)


class Dependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Views, stores, and who may come in."""

    control: ControlView
    cache: PortfolioCache
    queries: Queries
    instruments: InstrumentTable
    registry: CollectorRegistry
    sessions: Sessions
    limits: Limits
    doorkeeper: Doorkeeper
    hub: Hub
    desk: Desk
    approvals: Approvals
    machine: Machine
    alerts: AlertStore
    settings: ApiSettings = ApiSettings()
    clock: Callable[[], datetime] = wall_clock
    monotonic: Callable[[], float] = time.monotonic

    async def require_person(self, who: Principal) -> User:
        """The user who asks.

        Raises:
            NotAllowedError: it is a machine, or a user who is gone.
        """
        user = None if who.kind == "machine" else await self.sessions.accounts.user(who.name)
        if user is None:
            raise NotAllowedError("this is for people who are signed in", remedy="log in at /api/v1/auth/login")
        return user

    def require_step_up(self, who: Principal) -> None:
        """Raises NotAllowedError where the second factor was not shown in the last minutes."""
        if who.stepped_up_at is None or self.clock() - who.stepped_up_at > STEP_UP_LASTS:
            raise NotAllowedError("this needs the second factor", remedy="show a code at /api/v1/auth/step-up")

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

    async def second_person(self, who: Principal, action: Action, subject: str, reason: str) -> bool:
        """Whether another person asked for the same before; otherwise it now stands as asked by this one.

        Raises:
            NotAllowedError: a machine asks, or a person without the second factor.
        """
        await self.require_person(who)
        self.require_step_up(who)
        agreed = await self.approvals.agree_or_ask(who.name, action, subject, reason, self.clock())
        if agreed is None:
            await self.desk.record(who, Action.ASK, f"{action} {subject}", reason)
        return agreed is not None

    def require_subject(self, scope: HaltScope, subject: str) -> str:
        """The subject of a halt as halts spell it; raises HTTPException (404) where there is nothing of this name.

        While `control.*` is not read to its end a name that is missing may just not be read yet, and passes: a halt
        that names too much does no harm, and one that is refused may.
        """
        known: list[str] = []
        match scope:
            case HaltScope.ALL:
                return ""
            case HaltScope.INSTRUMENT:
                subject, known = subject.upper(), [each.name for each in self.instruments]
            case HaltScope.BROKER:
                known = [each.name for each in self.control.brokers]
            case HaltScope.STRATEGY:
                known = [each.name for each in self.control.strategies]
        if subject in known or (not self.control.complete and scope is not HaltScope.INSTRUMENT):
            return subject
        shown = ", ".join(known[:20]) or "none"
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no {scope} {subject!r}; known: {shown}")

    def concerns_live(self, scope: HaltScope, subject: str) -> bool:
        """Whether a halt of this scope holds back real money; where that is not known yet, it may."""
        if not self.control.complete:
            return True
        if scope is HaltScope.BROKER:
            found = self.control.broker(subject)
            return found is not None and found.spec.live
        if scope is HaltScope.STRATEGY:
            strategy = self.control.strategy(subject)
            brokers = () if strategy is None else strategy.spec.brokers
            return any(each.spec.live for each in self.control.brokers if each.name in brokers)
        return any(each.spec.live for each in self.control.brokers)

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
