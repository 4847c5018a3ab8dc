"""What the routes that change trading answer with."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pydantic import Field

from alpha_panda.api.models import Answer
from alpha_panda.api.money import Money
from alpha_panda.api.problems import documented
from alpha_panda.events.control import HaltScope


class StoreAnswer(Answer):
    """What one store said."""

    store: str
    done: bool
    says: str


class HaltAnswer(Answer):
    """What became of a halt or a resumption; `waits_for` is set while a second person must ask for the same."""

    scope: HaltScope
    subject: str
    halted: bool
    stores: list[StoreAnswer]
    waits_for: str | None = None


class StandingHalt(Answer):
    """A halt in force, by what one store says."""

    scope: HaltScope
    subject: str
    store: str
    actor: str | None
    reason: str


class Halts(Answer):
    """The halts in force, and the stores that could not be read and may hold others."""

    halts: list[StandingHalt]
    unreadable: list[StoreAnswer]


class StateAnswer(Answer):
    """What a strategy was asked to be before and is now; `waits_for` is set while a second person must ask."""

    strategy: str
    before: str
    state: str
    waits_for: str | None = None


class CloseAnswer(Answer):
    """What was asked for; the risk manager decides on it as on an exit, and `signal` tells what it said."""

    broker: str
    strategy: str
    instrument: str
    quantity: int = Field(description="Units that were held when it was asked; negative when short.")
    price: Money = Field(description="The last price then.")
    signal: str = Field(description="Its id, for /portfolios/{broker}/signals/{id}.")


class ReplayAnswer(Answer):
    """Records that were written back, and all that were set aside by what was decided on them."""

    topic: str
    written: int
    counts: dict[str, int] = Field(examples=[{"replay": 3, "already replayed": 1}])
    says: str = Field(examples=["3 written back, 1 already replayed"])
    waits_for: str | None = None


class ApprovalAnswer(Answer):
    """Something that waits for a second person."""

    action: str
    subject: str
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime


SECOND_PERSON: Final = "a second trader, who asks for the same with the second factor"
LIVE: Final = documented(401, 403, 404, 413, 422, 429, 503)
"""What a change of trading may be refused with."""


def waits(answer: type[Answer]) -> dict[int | str, dict[str, Any]]:
    """The answer while a second person must ask, as OpenAPI's `responses`."""
    return {202: {"model": answer, "description": "A second person must ask for the same"}}
