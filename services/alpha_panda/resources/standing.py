"""How a Broker at an exchange stands, as its services have written it down: for conditions, which people read."""

from __future__ import annotations

from datetime import datetime

import msgspec


class ExchangeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A row that people are told of; nothing is decided by it."""

    user_id: str | None = None
    """Who has logged in; None where nobody ever did."""
    expires_at: datetime | None = None
    refused_at: datetime | None = None
    told_at: datetime | None = None
    """When the service that trades last said how it stands; None where it never did."""
    trading: bool = False
    """Whether it lets entries go."""
    why_not: str = ""
    live: bool = False
