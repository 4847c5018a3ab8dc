"""What a person should read of strategies."""

from __future__ import annotations

import msgspec


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should read; the service logs it."""

    kind: str
    """`strategy_quarantined`, `strategy_problem`."""
    strategy: str
    instrument_token: int | None
    message: str
    evidence: str = ""
