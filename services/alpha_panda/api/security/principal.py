"""Who asks: a person with a session, or a machine with the installation's token; and what each role may do."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

import msgspec
from starlette.requests import HTTPConnection

MACHINE: Final = "machine"
"""The name of whoever has the installation's token; no user may be called so."""


class Role(StrEnum):
    """What somebody may do; each role may do all that those before it may."""

    VIEWER = "viewer"
    TRADER = "trader"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """The higher, the more it may do."""
        return tuple(Role).index(self)


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. A machine has no session and can never be one of two people."""

    name: str
    role: Role
    kind: Literal["person", "machine"] = "person"
    session: str | None = None
    expires_at: datetime | None = None
    """When the access token or the session ends."""
    stepped_up_at: datetime | None = None
    """When the second factor was last shown in this session."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """The role and all that it includes."""
        return tuple(role for role in Role if role.rank <= self.role.rank)

    def may(self, role: Role) -> bool:
        """Whether it may do what this role may."""
        return role in self.roles


def current_principal(connection: HTTPConnection) -> Principal:
    """Who asks; a dependency of routes that are not open.

    Raises:
        LookupError: the route is open, so nobody was asked who they are.
    """
    found: Principal | None = connection.scope.get("principal")
    if found is None:
        raise LookupError(f"{connection.scope['path']} is open: nobody was asked who they are")
    return found
