"""`/api/v1/users` and `/api/v1/audit`: who may come in, and what everybody did."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.exceptions import HTTPException

from alpha_panda.api.asked import UserAsked, UserChangeAsked
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.models import Answer
from alpha_panda.api.problems import documented
from alpha_panda.api.security.accounts import User
from alpha_panda.api.security.policies import needs
from alpha_panda.api.security.principal import MACHINE, Principal, Role, current_principal
from alpha_panda.domain.audit import first_break
from alpha_panda.errors import InputError
from alpha_panda.events.audit import Action

Asking = Annotated[Principal, Depends(current_principal)]
Last = Annotated[int, Query(ge=1, le=1000, description="So many of the newest entries.")]


class UserAnswer(Answer):
    """Somebody who may come in."""

    name: str
    role: Role
    second_factor: bool = Field(description="Whether one is set up.")
    disabled: bool
    created_at: datetime
    created_by: str


class AuditEntry(Answer):
    """What somebody did, chained to the entry before."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str
    before: dict[str, object] | None
    after: dict[str, object] | None
    digest: str


class AuditReport(Answer):
    """The newest entries, the newest last, and whether the whole chain holds."""

    entries: list[AuditEntry]
    count: int
    broken: str | None = Field(description="Where the chain is broken and how; null where it holds.")


def user_routes(dependencies: Dependencies) -> APIRouter:  # noqa: C901 - a function for each route
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["users"])
    sessions, desk = dependencies.sessions, dependencies.desk

    @router.get("/users", responses=documented(503))
    @needs(Role.ADMIN)
    async def list_users() -> list[UserAnswer]:
        """Everybody who may come in."""
        return [_answer(each) for each in await sessions.accounts.users()]

    @router.post("/users", status_code=HTTPStatus.CREATED, responses=documented(413, 422, 429, 503))
    @needs(Role.ADMIN, counted=True)
    async def create_user(who: Asking, wanted: UserAsked) -> UserAnswer:
        """Let somebody else in."""
        if wanted.name == MACHINE:
            raise InputError(f"{MACHINE} is what whoever has the installation's token is called")
        if await sessions.accounts.user(wanted.name) is not None:
            raise InputError(f"there is a user {wanted.name} already", remedy="choose another name")
        kept = await sessions.passwords.hash(wanted.name, wanted.password)
        await desk.record(who, Action.CREATE_USER, f"user {wanted.name}", after={"role": wanted.role.value})
        await sessions.accounts.create(wanted.name, wanted.role, kept, who.name, dependencies.clock())
        return await read(wanted.name)

    @router.patch("/users/{name}", responses=documented(404, 413, 422, 429, 503))
    @needs(Role.ADMIN, counted=True)
    async def change_user(name: str, who: Asking, wanted: UserChangeAsked) -> UserAnswer:
        """Change what somebody may do, or a password, or keep somebody out; every session of that user ends."""
        before = await read(name)
        kept = None if wanted.password is None else await sessions.passwords.hash(name, wanted.password)
        after = {"role": wanted.role, "disabled": wanted.disabled, "password": kept and "changed"}
        if wanted.forget_second_factor:
            after["second_factor"] = "forgotten"
        await desk.record(
            who,
            Action.CHANGE_USER,
            f"user {name}",
            before={"role": before.role.value, "disabled": before.disabled},
            after={key: value for key, value in after.items() if value is not None},
        )
        now = dependencies.clock()
        await sessions.accounts.change(name, now, role=wanted.role, password_hash=kept, disabled=wanted.disabled)
        if wanted.forget_second_factor:
            await sessions.accounts.set_totp(name, None)
        await sessions.forget(name)
        return await read(name)

    @router.get("/audit", responses=documented(422, 503))
    @needs(Role.ADMIN)
    async def get_audit(last: Last = 100) -> AuditReport:
        """Who did what, and whether any entry was changed, removed or put in another place."""
        entries = await desk.audit()
        return AuditReport(
            entries=[_entry(msgspec.to_builtins(each)) for each in entries[-last:]],
            count=len(entries),
            broken=first_break(entries),
        )

    async def read(name: str) -> UserAnswer:
        found = await sessions.accounts.user(name)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no user {name!r}")
        return _answer(found)

    return router


def _entry(fields: dict[str, object]) -> AuditEntry:
    return AuditEntry.model_validate({name: fields[name] for name in AuditEntry.model_fields})


def _answer(user: User) -> UserAnswer:
    return UserAnswer(
        name=user.name,
        role=user.role,
        second_factor=user.totp_secret is not None,
        disabled=user.disabled,
        created_at=user.created_at,
        created_by=user.created_by,
    )
