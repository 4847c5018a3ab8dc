"""What people did to the platform, each entry chained to the one before. Topic `audit.events`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec

Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Action(StrEnum):
    """What was done."""

    HALT = "halt"
    RESUME = "resume"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    APPLY = "apply"
    DELETE = "delete"
    REPLAY = "replay"
    ASK = "ask"
    """Somebody asked for what two people must agree on."""
    CREATE_USER = "create-user"
    CHANGE_USER = "change-user"
    CLOSE = "close"
    ACKNOWLEDGE = "acknowledge"


class AuditRecorded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody did something. `digest` is SHA-256 of `previous` and of all else here, as `domain.audit` writes it."""

    number: Annotated[int, msgspec.Meta(ge=1)]
    """Its place in the chain, without a gap."""
    at: datetime
    actor: str
    action: Action
    subject: str
    """`strategy momentum`, `Broker paper`, a topic of dead letters."""
    reason: str = ""
    before: dict[str, Any] | None = None
    """What was so before, as far as it is known."""
    after: dict[str, Any] | None = None
    previous: Digest
    digest: Digest
