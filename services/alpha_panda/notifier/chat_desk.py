"""Does what a chat asks for: tells how things stand, presses and releases the kill switch by the doors of everybody.

A halt is pressed whatever else fails. A resume never releases what covers a Broker that trades real money: that takes
two people, who sign in. What is done is in the audit log, its intention before it and its outcome after it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncpg
import msgspec
from redis.asyncio import Redis

from alpha_panda.domain.alerts import Alert
from alpha_panda.domain.audit import Deed
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.money import rupees
from alpha_panda.domain.standing import Standing
from alpha_panda.errors import InputError
from alpha_panda.events.audit import Action
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.notifier.commands import HELP, Request
from alpha_panda.operations.halt_door import Door
from alpha_panda.operations.halting import DoorReport, press, read_halts, release
from alpha_panda.runtime.alert_store import AlertStore
from alpha_panda.runtime.store_errors import postgres_errors, redis_store_errors

_REASON = "asked for in a chat"


class Record(Protocol):
    """Where deeds are kept; `operations.audit.AuditLog` is one."""

    def keep(self, *deeds: Deed) -> None:
        """Keep them, whatever answers."""

    def record(self, *deeds: Deed) -> str | None:
        """Write them to the log; why not, where it did not take them."""


class ChatDesk:
    """What every chat of an installation is answered by."""

    def __init__(  # noqa: PLR0913 - what it reads and presses
        self,
        *,
        doors: Sequence[Door],
        audit: Record,
        alerts: AlertStore,
        pool: asyncpg.Pool[Any],
        redis: Redis,
        brokers: Sequence[str],
        live: Callable[[], Awaitable[Iterable[str]]],
        instruments: InstrumentTable,
    ) -> None:
        """`live` names the Brokers that trade real money."""
        self._doors = doors
        self._audit = audit
        self._alerts = alerts
        self._pool = pool
        self._redis = redis
        self._brokers = brokers
        self._live = live
        self._instruments = instruments

    async def answer(self, request: Request, actor: str) -> str:
        """What to say to a request that needs no confirmation, or has it.

        Raises:
            PandaError: it cannot be told or done; the message says why.
        """
        match request.verb:
            case "status":
                return await self._status()
            case "positions":
                return await self._positions()
            case "locks":
                return await self._locks()
            case "halt":
                return await self._halt(request, actor)
            case "resume":
                return await self._resume(request, actor)
        return HELP

    async def check_resume(self, request: Request) -> None:
        """Raises InputError where a chat may not end this halt."""
        live = sorted(await self._live())
        covered = live if request.scope is not HaltScope.BROKER else [name for name in live if name == request.subject]
        if covered:
            raise InputError(
                f"{', '.join(covered)} trades real money: two people resume it, signed in to the dashboard"
            )

    async def _halt(self, request: Request, actor: str) -> str:
        statement = TradingHalted(scope=request.scope, subject=request.subject, actor=actor, reason=_REASON)
        await asyncio.to_thread(self._audit.keep, _deed(Action.HALT, request, actor, None))
        reports = await press(self._doors, statement)
        await asyncio.to_thread(self._audit.record, _deed(Action.HALT, request, actor, reports))
        if not any(each.done for each in reports):
            return f"NOT HALTED: no store took it\n{_doors(reports)}"
        return f"HALTED {request.where}; exits go on\n{_doors(reports)}"

    async def _resume(self, request: Request, actor: str) -> str:
        await self.check_resume(request)
        statement = TradingResumed(scope=request.scope, subject=request.subject, actor=actor, reason=_REASON)
        standing = await read_halts(self._doors)
        if not standing.held_by(statement.scope, statement.subject):
            raise InputError(f"trading is not halted for {request.where}")
        await asyncio.to_thread(self._audit.keep, _deed(Action.RESUME, request, actor, None))
        reports = await release(self._doors, statement, standing)
        await asyncio.to_thread(self._audit.record, _deed(Action.RESUME, request, actor, reports))
        word = "resumed" if all(each.done for each in reports) else "MAY STILL BE HALTED"
        return f"{word}: {request.where}\n{_doors(reports)}"

    async def _status(self) -> str:
        standing = await read_halts(self._doors)
        lines = [f"HALTED {each.where} ({each.door}): {each.reason}" for each in standing.halts]
        lines += [f"{each.door} could not be read: {each.says}" for each in standing.unreadable]
        lines += [_line(alert) for alert in await self._alerts.going_on()]
        return "\n".join(lines) or "nothing is halted, and nothing is wrong"

    async def _positions(self) -> str:
        lines = []
        for broker in self._brokers:
            with redis_store_errors():
                text = await self._redis.get(f"{broker}:portfolio:positions")
            told = {} if text is None else json.loads(text)
            for each in told.get("data", ()):
                found = self._instruments.get(each["instrument_token"])
                name = each["instrument_token"] if found is None else found.name
                made = rupees(each["unrealised_paise"])
                lines.append(f"{broker}: {each['strategy']} {each['quantity']} {name}, unrealised {made}")
            if told:
                lines.append(f"{broker} as of {told['as_of']}")
        return "\n".join(lines) or "no account has told of positions yet"

    async def _locks(self) -> str:
        lines = []
        for broker in self._brokers:
            with postgres_errors():
                row = await self._pool.fetchrow(f'SELECT data FROM "{broker}".standing')  # noqa: S608 - a DNS label
            if row is None:
                continue
            standing = msgspec.json.decode(row["data"], type=Standing)
            lines.append(f"{broker}: {standing.state}")
            lines += [f"{broker}: {lock.code}: {lock.message}" for lock in standing.locks]
        return "\n".join(lines) or "no account has told of itself yet"


def _line(alert: Alert) -> str:
    since = alert.raised_at.astimezone(IST)
    return f"{alert.priority}: {alert.title} since {since:%Y-%m-%d %H:%M}, {alert.state}"


def _doors(reports: Iterable[DoorReport]) -> str:
    return "\n".join(f"{each.door}: {each.says}" for each in reports)


def _deed(action: Action, request: Request, actor: str, reports: Sequence[DoorReport] | None) -> Deed:
    after = None if reports is None else {"stores": {each.door: "done" if each.done else each.says for each in reports}}
    reason = f"{_REASON}, begun" if reports is None else _REASON
    return Deed(at=datetime.now(UTC), actor=actor, action=action, subject=request.where, reason=reason, after=after)
