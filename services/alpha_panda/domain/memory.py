"""What was already dealt with, remembered for as long as it can come again.

Delivery is at least once, so ids are kept and compared; they are forgotten by event time, so that a
processor's state does not grow with its life.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

KEPT = timedelta(minutes=15)
"""Event time for which an id is kept after the last moment at which it mattered."""
_FIRST_SWEEP = 1024


class Memory(msgspec.Struct, kw_only=True):
    """Ids, each with the event time after which it may be forgotten."""

    until: dict[str, datetime] = msgspec.field(default_factory=dict)
    sweep_at: int = _FIRST_SWEEP

    def __contains__(self, key: str) -> bool:
        return key in self.until

    def add(self, key: str, mattered: datetime) -> None:
        """Keep `key` for a while after the event time `mattered`."""
        self.until[key] = mattered + KEPT

    def forget(self, now: datetime) -> None:
        """Drop what is due; sweeping only when the size has doubled makes it cheap to call often."""
        if len(self.until) < self.sweep_at:
            return
        self.until = {key: until for key, until in self.until.items() if until >= now}
        self.sweep_at = max(_FIRST_SWEEP, 2 * len(self.until))
