"""One call of the API, as its door sees it, and the doors' own form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from alpha_panda.kite_simulator.exchange import Exchange
from alpha_panda.kite_simulator.faults import Fault


class Call(msgspec.Struct, kw_only=True):
    """What the caller sent."""

    exchange: Exchange
    path: dict[str, str]
    form: dict[str, str]
    """Fields of the form or of the query, the last of each name."""
    names: list[str]
    """The values of `i`: instruments by name."""
    json: Any = None
    authorization: str | None = None
    number: int = 0
    """Its line in the journal."""
    late: Fault | None = None
    """What makes the order of this call appear later."""
    stuck_seconds: float | None = None
    """How long an order of this call stays received, where a fault says so."""


class Csv(msgspec.Struct, frozen=True):
    """A reply that is no JSON."""

    text: str


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """A method and a path, what it is called in faults and journal, which limit it counts to, and what it does."""

    method: str
    path: str
    name: str
    limit: str
    serve: Callable[[Call], Any]
    open: bool = False
    """Whether it is for callers without a token, too."""
