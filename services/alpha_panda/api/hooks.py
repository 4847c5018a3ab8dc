"""`/api/v1/hooks/alertmanager`: what Prometheus' Alertmanager tells becomes alerts; what says so halts trading.

Alertmanager shows the secret `api.hook_secret` as its bearer token. A firing alert with the label `panda_halt`
(`all`, or `broker`, `strategy` or `instrument` and a name: `broker:paper`) halts that scope, once for as long as it
fires: a repetition finds the halt in force. When it is resolved trading stays halted, until a person resumes it.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

import structlog
from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Answer
from alpha_panda.api.problems import documented
from alpha_panda.api.security.policies import open_to_all
from alpha_panda.api.security.principal import Principal, Role
from alpha_panda.domain.alerts import Change, Kind, Priority, Raised, Resolved
from alpha_panda.errors import PandaError
from alpha_panda.events.control import HaltScope, TradingHalted

ACTOR: Final = "alertmanager"
LABEL: Final = "panda_halt"
_PRIORITIES: Final = {"critical": Priority.CRITICAL, "warning": Priority.HIGH}
_Text = Annotated[str, Field(max_length=2000)]


class FiringAlert(BaseModel):
    """One alert of Alertmanager's webhook; it tells more, which is not needed."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    status: Literal["firing", "resolved"]
    labels: dict[_Text, _Text] = Field(max_length=64)
    annotations: dict[_Text, _Text] = Field(default={}, max_length=64)
    fingerprint: str = Field(pattern=r"^[0-9a-zA-Z]{1,64}$", examples=["b4a5c1d2e3f40516"])


class Webhook(BaseModel):
    """What Alertmanager posts (version 4)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Literal["4"] = "4"
    alerts: list[FiringAlert] = Field(max_length=200)


class HookAnswer(Answer):
    """What became of it."""

    alerts: int = Field(description="Alerts that were told.")
    halted: list[str] = Field(description="What was halted by this, as `scope subject`.")


def hook_routes(dependencies: Dependencies) -> APIRouter:
    """The route; without `api.hook_secret` it refuses everybody."""
    router = APIRouter(prefix="/api/v1/hooks", tags=["hooks"])
    secret = dependencies.settings.hook_secret

    @router.post("/alertmanager", responses=documented(401, 413, 422, 503))
    @open_to_all
    async def alertmanager(told: Webhook, authorization: Annotated[str, Header(max_length=500)] = "") -> HookAnswer:
        """Take alerts of Alertmanager's; those with the label `panda_halt` halt trading. Asks for the hook's secret."""
        expected = None if secret is None else f"Bearer {secret.get_secret_value()}".encode()
        if expected is None or not hmac.compare_digest(authorization.encode(), expected):
            raise HTTPException(HTTPStatus.UNAUTHORIZED, "this needs the hook's own secret (api.hook_secret)")
        wanted = [_statement(each) for each in told.alerts if each.status == "firing" and LABEL in each.labels]
        halted = await _halt(dependencies, [each for each in wanted if each is not None])
        try:
            await dependencies.alerts.apply(_changes(told, datetime.now(UTC)))
        except PandaError as error:
            if not halted:
                raise
            structlog.get_logger().error("alerts of a hook were not kept", reason=str(error))
        return HookAnswer(alerts=len(told.alerts), halted=halted)

    return router


async def _halt(dependencies: Dependencies, wanted: list[TradingHalted]) -> list[str]:
    """Halt what is not halted yet, one statement a scope; what cannot be read counts as not halted."""
    if not wanted:
        return []
    standing = await dependencies.desk.halts()
    done: list[str] = []
    for halt in wanted:
        where = f"{halt.scope} {halt.subject}".strip()
        if where in done or (not standing.unreadable and standing.held_by(halt.scope, halt.subject)):
            continue
        reports = await dependencies.desk.press(Principal(name=ACTOR, role=Role.TRADER, kind="machine"), halt)
        if not any(each.done for each in reports):
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, f"trading is NOT halted for {where}: no store took it")
        done.append(where)
    return done


def _statement(alert: FiringAlert) -> TradingHalted:
    """The halt that an alert asks for; a scope that is not known halts everything, since something is to stop."""
    word, _, subject = alert.labels[LABEL].partition(":")
    known = word in tuple(HaltScope) and word != HaltScope.ALL and bool(subject) and subject.isprintable()
    scope = HaltScope(word) if known else HaltScope.ALL
    subject = (subject.upper() if scope is HaltScope.INSTRUMENT else subject) if known else ""
    return TradingHalted(scope=scope, subject=subject, actor=ACTOR, reason=_line(_title(alert)))


def _changes(told: Webhook, now: datetime) -> list[Change]:
    return [_change(each, now) for each in told.alerts]


def _change(alert: FiringAlert, now: datetime) -> Change:
    key = f"alertmanager:{alert.fingerprint}"
    if alert.status == "resolved":
        return Resolved(prefix=key, at=now, exact=True)
    return Raised(
        key=key,
        kind=Kind.MONITORING,
        priority=_PRIORITIES.get(alert.labels.get("severity", ""), Priority.NORMAL),
        title=_line(_title(alert)),
        text=_line(alert.annotations.get("description", "")),
        at=now,
        broker=alert.labels.get("broker") or None,
    )


def _title(alert: FiringAlert) -> str:
    return alert.annotations.get("summary") or alert.labels.get("alertname") or "an alert without a name"


def _line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)[:500]
