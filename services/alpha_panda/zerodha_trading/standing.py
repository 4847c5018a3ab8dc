"""How trading at Zerodha stands, in a line for a person: may entries go, and if not, why not and what to do."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alpha_panda.zerodha_trading.reconciliation import Difference


class ZerodhaStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A row that people read; nothing is decided by it."""

    trading: bool
    """Whether entries may go."""
    why_not: str
    """Empty where they may."""
    live: bool
    """Whether orders are sent at all; else every one ends as a dry run."""
    account: str
    session_active: bool
    reconciled_at: datetime | None
    differences: tuple[Difference, ...]
    findings: tuple[str, ...]
    """What the exchange said that could not be taken in."""
    unknown: tuple[str, ...]
    """Tags of the orders that nobody knows the outcome of."""
    external: int
    meter: dict[str, int]
    """Orders of the last second, minute and day."""


class Locks:
    """Why no entry may go; any of them is enough."""

    def __init__(self) -> None:
        """Nothing is known at the start: everything must be found out first."""
        self.session = "no login at Zerodha yet; log in: panda zerodha login"
        self.books = "the exchange's books were not read yet"
        self.unknown = ""
        self.tripped = ""

    @property
    def reason(self) -> tuple[str, str] | None:
        """A stable code and a sentence; None where nothing stands against entries."""
        for code, why in (
            ("session_down", self.session),
            ("tripped", self.tripped),
            ("outcome_unknown", self.unknown),
            ("not_reconciled", self.books),
        ):
            if why:
                return code, why
        return None
