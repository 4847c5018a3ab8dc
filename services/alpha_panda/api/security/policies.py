"""What each route asks of whoever calls it. A route without a policy is closed, and the application does not start.

A policy is put on the function of a route, below the decorator that registers it:

    @router.get("/orders")
    @needs(Role.VIEWER)
    async def list_orders() -> ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import msgspec
from starlette.routing import BaseRoute, Mount

from alpha_panda.api.security.principal import Role

_NAME: Final = "__policy__"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Who may call a route, and how often.

    `counted` routes increase risk or cost: where Redis cannot count them, they are refused. `always` is the halt: it
    is never counted, and passes with a good token also where no store can tell whether its session was revoked.
    """

    role: Role | None
    """None: everybody, also those who are not signed in."""
    counted: bool = False
    always: bool = False


def open_to_all(endpoint: Endpoint) -> Endpoint:
    """Everybody may call it; it tells of no account."""
    return _marked(endpoint, Policy(role=None))


def needs(role: Role, *, counted: bool = False, always: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Only whoever has this role may call it."""
    return lambda endpoint: _marked(endpoint, Policy(role=role, counted=counted, always=always))


def policy_of(route: BaseRoute) -> Policy | None:
    """The policy of a route; of what is mounted, that of the application."""
    target = route.app if isinstance(route, Mount) else getattr(route, "endpoint", None)
    found = getattr(target, _NAME, None)
    return found if isinstance(found, Policy) else None


def require_policies(routes: Iterable[BaseRoute]) -> None:
    """Refuse to serve a route that nobody has thought about.

    Raises:
        RuntimeError: routes without a policy; it names them.
    """
    closed = sorted(str(getattr(route, "path", route)) for route in routes if policy_of(route) is None)
    if closed:
        raise RuntimeError(f"routes without a policy: {', '.join(closed)}; put @needs(Role...) on each")


def _marked(endpoint: Endpoint, policy: Policy) -> Endpoint:
    setattr(endpoint, _NAME, policy)
    return endpoint
